// nginx's configuration as text: a typed emitter with one quoting function. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::agents::nginx {

// One directive; with `children` (or `has_block`) it opens a block. Arguments are taken literally:
// a `$` in them is a variable only when the renderer wrote it, so texts of a manifest go through
// Literal first.
struct NginxBlock {
  std::string name;
  std::vector<std::string> args;
  std::vector<NginxBlock> children;
  bool has_block = false;
};

// `text` as a part of an argument, checked to have no variable in it. INVALID_ARGUMENT: `$`,
// control bytes.
absl::StatusOr<std::string> Literal(std::string_view text);

// The directives, four blanks per level. INVALID_ARGUMENT: a control byte in an argument.
absl::StatusOr<std::string> EmitConf(const std::vector<NginxBlock>& directives);

}  // namespace reeve::agents::nginx
