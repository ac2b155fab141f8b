// A real API server for tests that drive other people's clients, with a kubeconfig made by ctl.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/api_server.h"
#include "tests/support/child_process.h"

namespace reeve::clients {

struct Ran {
  int code = -1;
  std::string output;  // Standard output and error, as they came.
};

// One server for a whole suite: starting one takes longer than most tests. Thread-compatible.
class Estate {
 public:
  // Fails the running test when there is no server.
  explicit Estate(const std::string& program = "reeve-apiserver");

  support::ApiServer& server() { return server_; }
  std::string dir() const { return dir_.path(); }
  std::string kubeconfig() const { return dir_.path() + "/kubeconfig"; }

  // A program to its end; -1 when it has not ended in time. `env` is added to the environment.
  Ran Run(const std::vector<std::string>& argv, const std::string& in = "");
  // A program that goes on; its output is at `log`.
  support::ChildProcess Begin(const std::vector<std::string>& argv, const std::string& log);
  // A file of this content in dir(); its path.
  std::string File(const std::string& name, std::string_view content);
  // Whether the file at `path` holds `text` before patience is over.
  static bool Comes(const std::string& path, std::string_view text);

 private:
  std::string NewLog();

  support::TempDir dir_;
  support::ApiServer server_;
  int logs_ = 0;
};

}  // namespace reeve::clients
