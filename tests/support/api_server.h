// A real reeve-apiserver process on a directory, for tests that kill it.
#pragma once

#include <absl/status/status.h>

#include <memory>
#include <string>

#include "tests/support/child_process.h"

namespace reeve::support {

// Thread-compatible.
class ApiServer {
 public:
  // `dir` exists or is made; always the same port. `program` may also be reeve-standalone, which
  // has the controllers in it.
  explicit ApiServer(std::string dir, std::string program = "reeve-apiserver");

  absl::Status Init();   // reeve-apiserver init
  absl::Status Start();  // Returns when it answers.
  absl::Status Stop();   // SIGTERM, and waits.
  void Kill();           // SIGKILL.

  std::string endpoint() const;
  std::string kube_endpoint() const;  // host:port of the API in Kubernetes' dialect.
  std::string pki() const { return dir_ + "/pki"; }
  std::string log() const { return dir_ + "/server.log"; }
  int pid() const { return process_->pid(); }

 private:
  const std::string dir_;
  const std::string program_;
  const int port_;
  const int kube_port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace reeve::support
