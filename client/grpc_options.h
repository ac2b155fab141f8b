// What a connection to the API needs; apart from grpc_client.h so that its users need not include
// gRPC.
#pragma once

#include <absl/time/time.h>

#include <string>

namespace reeve::client {

struct GrpcOptions {
  // host:port, or unix:/path: then without TLS, certificates and names are not used.
  std::string endpoint;
  std::string ca_pem;    // Who must have signed the server's certificate.
  std::string cert_pem;  // Ours, then its chain.
  std::string key_pem;
  std::string server_name;  // That the certificate must bear; empty: the host of `endpoint`.
  absl::Duration timeout = absl::Seconds(30);           // Of a call.
  absl::Duration transfer_timeout = absl::Minutes(30);  // Of a blob.
};

}  // namespace reeve::client
