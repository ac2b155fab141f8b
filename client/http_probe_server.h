// /metrics, /livez and /readyz of a process, over plain HTTP. The only door to cpp-httplib.
//
// /livez answers 200 while the process serves. /readyz answers 200 when every check is OK, else
// 503; with ?verbose, or when it fails, a line for each: "[+]storage ok", "[-]hub failed: ...".
//
// Owns its threads, joined when destroyed. Thread safety: checks are called from its threads.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve::client {

struct ReadinessCheck {
  std::string name;
  std::function<absl::Status()> check;  // Quick.
};

class HttpProbeServer {
 public:
  // `listen` is host:port; port 0 picks one. UNAVAILABLE when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<HttpProbeServer>> Start(const std::string& listen,
                                                                std::vector<ReadinessCheck> checks);
  virtual ~HttpProbeServer() = default;
  // host:port it listens on.
  virtual const std::string& address() const = 0;
};

}  // namespace reeve::client
