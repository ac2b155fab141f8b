// Words typed, by the table of commands.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ctl/command.h"

namespace reeve::ctl {

// A text for standard output, exit 0: help.
struct HelpText {
  std::string text;
};
// A text for standard error: not understood.
struct UsageError {
  std::string text;
  int code = 1;  // What ctl returns.
};

using Parsed = std::variant<Invocation, HelpText, UsageError>;

// `argv` without the program's name.
Parsed Parse(const std::vector<std::string>& argv);

}  // namespace reeve::ctl
