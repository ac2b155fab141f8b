// The part of the table of commands that changes objects by patches.
#pragma once

#include <vector>

#include "ctl/command.h"

namespace reeve::ctl {

std::vector<Command> ChangeCommands();

}  // namespace reeve::ctl
