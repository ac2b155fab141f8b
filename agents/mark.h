// The mark on every file that Reeve makes: its first line, "# reeve-managed owner=<uid> sha256=<of
// the rest>". What bears it is ours; what bears it with another hash was edited; what lacks it is
// foreign.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reeve::agents {

struct Mark {
  std::string owner;    // Uid of the Work.
  bool intact = false;  // The rest of the file is what the mark was made for.
};

// `body` with its mark before it. REQUIRES: `owner` is [a-z0-9-]+.
std::string WithMark(std::string_view owner, std::string_view body);

// nullopt: no mark.
std::optional<Mark> ReadMark(std::string_view content);

}  // namespace reeve::agents
