#include "agents/testing/local_nginx.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agents/os/exec.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string Main(const std::string& dir) {
  std::string http = "http {\n    access_log off;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    http += fmt::format("    {}_temp_path {}/{};\n", kind, dir, kind);
  }
  return fmt::format(
      "pid {}/nginx.pid;\nerror_log {}/error.log;\nevents {{}}\n{}    include "
      "{}/conf.d/*.conf;\n}}\n",
      dir, dir, http, dir);
}

}  // namespace

bool HasLocalNginx() { return ::access(kLocalNginx, X_OK) == 0; }

NginxOpinion TestWithLocalNginx(const std::map<std::string, std::string>& files) {
  std::string dir = (std::filesystem::temp_directory_path() / "reeve-nginx-XXXXXX").string();
  CHECK(::mkdtemp(dir.data()) != nullptr, "a temporary directory can be made");
  std::filesystem::create_directories(dir + "/conf.d");
  for (const auto& [name, content] : files)
    std::ofstream(dir + "/conf.d/" + name) << Replace(content, "@dir@", dir);
  std::ofstream(dir + "/nginx.conf") << Main(dir);
  const auto result = NewRealExec()->Run(
      {.program = kLocalNginx,
       .args = {"-t", "-q", "-p", dir, "-c", dir + "/nginx.conf", "-e", dir + "/start.log"}});
  CHECK(result.ok(), result.status().ToString());
  NginxOpinion opinion{result->code, Replace(result->output, dir, "@dir@")};
  std::filesystem::remove_all(dir);
  return opinion;
}

}  // namespace reeve::agents
