// A command line up to the cursor, for completion: words that may not be a command yet.
#pragma once

#include <string>
#include <vector>

#include "ctl/command.h"

namespace reeve::ctl {

struct Unfinished {
  // What was typed before the last word; its command is nullptr while no command is reached.
  Invocation invocation;
  std::string group;           // Words of a group of commands: "config"; "" at the top.
  std::string before;          // Of the last word, what is not completed: "--output=".
  std::string word;            // Of the last word, what is completed.
  const Flag* flag = nullptr;  // Whose value `word` is.
  bool only_args = false;      // After a lone "--".
};

// `words`: all after the program's name; the last one, possibly empty, is at the cursor. What makes
// no sense is taken as an argument.
Unfinished ReadUnfinished(const std::vector<std::string>& words);

}  // namespace reeve::ctl
