// Help texts, from the table of commands.
#pragma once

#include <string>
#include <string_view>

#include "ctl/command.h"

namespace reeve::ctl {

// What there is: all commands with their summaries; those of one group when `group` is not empty
// ("config").
std::string HelpOf(std::string_view group);
// One command: about, examples, options, usage.
std::string HelpOf(const Command& command);

}  // namespace reeve::ctl
