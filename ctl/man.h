// Manual pages, from the table of commands: the same words as the help.
#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"

namespace reeve::ctl {

struct ManPage {
  std::string name;  // "ctl-config-view.1".
  std::string text;  // roff, of the man macros.
};

// ctl.1, then one for each command.
std::vector<ManPage> ManPages();

}  // namespace reeve::ctl
