// nginx's configuration language, as much of it as the model nginx needs. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::agents {

struct NginxDirective {
  std::string name;
  std::vector<std::string> args;
  bool has_block = false;
  std::vector<NginxDirective> block;
  std::string file;
  int line = 0;
};

// Quotes, escapes, comments and blocks. An error is what nginx prints after "[emerg] ": `... in
// /file:line`.
absl::StatusOr<std::vector<NginxDirective>> ParseNginxConf(const std::string& file,
                                                           std::string_view text);

}  // namespace reeve::agents
