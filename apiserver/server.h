// A whole API server: store, registry, hub, blobs, services, in one object. What reeve-apiserver
// and reeve-standalone run.
//
// Owns its threads; all have ended when it is destroyed. Thread safety: safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "apiserver/api.h"
#include "apiserver/maintenance.h"
#include "client/http_probe_server.h"

namespace reeve::apiserver {

struct ServerOptions {
  std::string data_dir;
  std::string listen;       // host:port of the API; port 0 picks one.
  std::string join_listen;  // host:port for joining hosts.
  std::string kube_listen;  // host:port of the API in Kubernetes' dialect; empty: not served.
  // The name or address that hosts are told, without a port; empty: the first name of the server's
  // certificate.
  std::string advertise;
  HistoryOptions history;
};

struct Endpoints {
  std::string api;     // host:port, as bound.
  std::string socket;  // The Unix socket of the same API; empty when its path cannot be one.
  std::string join;
  std::string kube;  // Empty when it is not served.
};

class Server {
 public:
  // Opens the store and serves. The errors of OpenRocksStore and LoadSetup; UNAVAILABLE: a port is
  // taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);
  virtual ~Server() = default;

  virtual Api* api() = 0;
  virtual const Endpoints& endpoints() const = 0;
  // Whether the store takes writes, see Store::Writable.
  virtual absl::Status storage() const = 0;
  // For /readyz.
  virtual std::vector<client::ReadinessCheck> Checks() = 0;
};

}  // namespace reeve::apiserver
