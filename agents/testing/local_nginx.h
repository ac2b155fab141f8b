// The nginx of this machine, in a private directory: for tests that ask the real one.
#pragma once

#include <map>
#include <string>

namespace reeve::agents {

inline constexpr auto kLocalNginx = "/usr/sbin/nginx";
bool HasLocalNginx();

struct NginxOpinion {
  int code = 0;
  std::string output;
};

// `nginx -t` of a configuration whose http block includes `files` (names below conf.d) in the order
// of their names. In what it prints, and in the files, "@dir@" stands for the private directory.
NginxOpinion TestWithLocalNginx(const std::map<std::string, std::string>& files);

}  // namespace reeve::agents
