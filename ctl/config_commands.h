// The commands about the config file: their part of the table in commands.cc.
#pragma once

#include <vector>

#include "ctl/command.h"

namespace reeve::ctl {

std::vector<Command> ConfigCommands();

}  // namespace reeve::ctl
