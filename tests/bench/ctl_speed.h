// How long ctl takes as people feel it: the whole process, against a local server that holds ten
// thousand objects, beside a program that does nothing but load the same libraries.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace reeve::bench {

// Starts a server of its own in `dir` and prints a table: medians in milliseconds, and how each
// stands to 1.5 x the empty program plus two round trips: 1.00 or less is wanted.
absl::Status CtlSpeed(const std::string& dir);

}  // namespace reeve::bench
