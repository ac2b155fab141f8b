// ctl as a function: what main calls, and tests.
#pragma once

#include <string>
#include <vector>

#include "ctl/io.h"

namespace reeve::ctl {

// Runs one invocation; `argv` without the program's name. Returns the exit code: 0 or 1; of diff,
// 0, 1 or more.
int Run(const std::vector<std::string>& argv, Io io);

}  // namespace reeve::ctl
