// gRPC connections of tests that speak to a server process.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

namespace reeve::support {

// `count` channels to `endpoint`, each a TCP connection of its own, with the admin's certificate of
// `pki_dir`.
std::vector<std::shared_ptr<grpc::Channel>> Connect(const std::string& endpoint,
                                                    const std::string& pki_dir, int count);

// Makes a call wait up to `timeout` for the server to be there. A call that fails at once while a
// channel is reconnecting does not poll, and then nothing but gRPC's backup poller, every 5 s,
// drives the handshake.
void WaitForServer(grpc::ClientContext* context, absl::Duration timeout);

// True once something accepts connections at `endpoint` (IPv4:port). Channels made before that wait
// for their back-off.
bool WaitForListener(const std::string& endpoint, absl::Duration timeout);

std::string ReadFile(const std::string& path);

absl::Status ToStatus(const grpc::Status& status);

// A port nobody listens on at the moment.
int FreePort();

}  // namespace reeve::support
