// What can follow an unfinished command line: from the table of commands, the schema and the
// server. No kind is known here.
#pragma once

#include <string>
#include <vector>

#include "ctl/io.h"

namespace reeve::ctl {

// Answers `ctl __complete -- WORDS...`, which the scripts of `ctl completion` call: `words` are all
// after the program's name, the last one (possibly empty) is at the cursor. Prints a candidate a
// line, each the whole word, a tab and what it is; then a line of ":N", bits of what the shell
// should do (cobra's): 2, no blank after the word; 4, no file names; 16, directories only. What
// goes wrong is silent: there are no candidates then.
void Complete(const std::vector<std::string>& words, Io& io);

}  // namespace reeve::ctl
