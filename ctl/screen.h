// What becomes of text on a terminal: colours, and tables that fit.
#pragma once

#include <string>
#include <string_view>

#include "ctl/session.h"
#include "ctl/table.h"

namespace reeve::ctl {

// Whether standard output, or standard error, gets colours: by --color; if that is auto, on a
// terminal that is not dumb, unless $NO_COLOR is set (no-color.org).
bool ColorOut(const Session& session);
bool ColorErr(const Session& session);

// For a table on standard output: without headers if --no-headers says so, cut to the width of a
// terminal, never of anything else.
TableStyle ScreenStyle(const Session& session);

}  // namespace reeve::ctl
