// HTTP/1.1 over TLS: the only door to Boost.Beast and Asio.
//
// Few threads move bytes and never block; requests run in `run` (a pool). A client certificate that
// the CA did not sign ends the handshake; a client without one is let in, and the handler sees
// that. A watch holds a connection and no thread: it is pulled when it says so.
//
// Bounded: connections, in all, of each client and of each address, sizes of header and body, and
// the time for the handshake, a header, a body, a write, and idleness. What passes a bound is
// answered (413, 431, 429) or closed.
//
// Owns its threads, joined when destroyed, which ends open streams at once and waits for requests
// that run. Thread safety: safe.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>

#include "apiserver/http/http_message.h"
#include "base/limits.h"

namespace reeve::apiserver {

class HttpServer {
 public:
  struct Options {
    std::string listen;    // host:port; port 0 picks one.
    std::string cert_pem;  // The server's, and what leads from it to the CA.
    std::string key_pem;
    std::string ca_pem;  // Of clients.
    HttpHandler* handler = nullptr;
    // Runs what may block, on some other thread; false: too much of that class is waiting. Must
    // outlive the server.
    std::function<bool(std::function<void()>, Priority)> run;

    int connections_max = kHttpConnectionsMax;
    // Of one certificate, and of those without one together. Each has one request or stream.
    int client_connections_max = kHttpClientConnectionsMax;
    // Of one address, from before the handshake on; further ones are closed at once.
    int address_connections_max = kHttpAddressConnectionsMax;
    absl::Duration header_timeout = kHttpHeaderTimeout;
    absl::Duration body_timeout = kHttpBodyTimeout;
    absl::Duration write_timeout = kHttpWriteTimeout;
    absl::Duration idle_timeout = kHttpIdleTimeout;
  };
  // INVALID_ARGUMENT: `listen` or a certificate; UNAVAILABLE: the port is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options);
  virtual ~HttpServer() = default;

  virtual const std::string& address() const = 0;  // host:port, as bound.
};

}  // namespace reeve::apiserver
