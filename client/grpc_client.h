// The API over gRPC, with TLS. What ctl, agents and reeve-controllers speak through.
//
// Errors are those of the server; where no server answered, the status is UNAVAILABLE or DEADLINE_EXCEEDED with one line
// that says what to do, and IsTransportError holds.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "client/client.h"

namespace reeve::client {

struct GrpcOptions {
  std::string endpoint;     // host:port
  std::string ca_pem;       // Who must have signed the server's certificate.
  std::string cert_pem;     // Ours, then its chain.
  std::string key_pem;
  std::string server_name;  // That the certificate must bear; empty: the host of `endpoint`.
  absl::Duration timeout = absl::Seconds(30);           // Of a call.
  absl::Duration transfer_timeout = absl::Minutes(30);  // Of a blob.
};

// INVALID_ARGUMENT when the endpoint or a certificate is missing. Connects at the first call, and again when the
// connection is lost. The client is thread-safe; it must outlive its watch streams.
absl::StatusOr<std::unique_ptr<Api>> NewGrpcClient(const GrpcOptions& options);

// Over a channel that somebody else made; of `options`, only the endpoint (for messages) and the timeouts count.
std::unique_ptr<Api> NewGrpcClientOver(std::shared_ptr<grpc::Channel> channel, const GrpcOptions& options);

}  // namespace reeve::client
