// What the programs that serve the API share: their flags, and serving until a signal comes.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/server.h"
#include "apiserver/setup.h"
#include "base/log.h"

namespace reeve::apiserver {

struct ServeFlags {
  ServerOptions server = {.data_dir = "/var/lib/reeve",
                          .listen = fmt::format("0.0.0.0:{}", kApiPort),
                          .join_listen = fmt::format("0.0.0.0:{}", kJoinPort),
                          .kube_listen = fmt::format("0.0.0.0:{}", kKubePort),
                          .advertise = ""};
  std::string http_listen = fmt::format("127.0.0.1:{}", kHttpPort);
  std::string history_age;  // "720h"; empty: no bound.
  uint64_t history_mib = 512;
  bool debug = false;
  bool json = false;
};

// What runs beside the server in its process; destroyed before it.
class Companion {
 public:
  virtual ~Companion() = default;
  virtual std::vector<client::ReadinessCheck> Checks() = 0;
};
using StartCompanion = std::function<std::unique_ptr<Companion>(Server*)>;

// Serves until SIGINT or SIGTERM, or until the store failed: then that error. Writes
// <data>/endpoints.json with the ports it got. `companion` may be null.
absl::Status Serve(const ServeFlags& flags, const std::string& program,
                   const StartCompanion& companion);

}  // namespace reeve::apiserver
