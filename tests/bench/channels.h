// Connections of the benchmark's client: the same settings for every peer.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/peer.h"

namespace reeve::bench {

// kConnections channels to `endpoint`, each a TCP connection of its own, with the admin's certificate of `pki_dir`.
std::vector<std::shared_ptr<grpc::Channel>> Connect(const std::string& endpoint, const std::string& pki_dir);

std::string ReadFile(const std::string& path);

absl::Status ToStatus(const grpc::Status& status);

// A port nobody listens on at the moment.
int FreePort();

}  // namespace reeve::bench
