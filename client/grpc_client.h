// The API over gRPC, with TLS. What ctl, agents and reeve-controllers speak through.
//
// Errors are those of the server; where no server answered, the status is UNAVAILABLE or
// DEADLINE_EXCEEDED with one line that says what to do, and IsTransportError holds.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>

#include "client/client.h"
#include "client/grpc_options.h"

namespace reeve::client {

// INVALID_ARGUMENT when the endpoint, or a certificate that it needs, is missing. Connects at the
// first call, and again when the connection is lost. The client is thread-safe; it must outlive its
// watch streams.
absl::StatusOr<std::unique_ptr<Api>> NewGrpcClient(const GrpcOptions& options);

// The settings of NewGrpcClient's channels: keepalive, reconnection, sizes, no proxy.
grpc::ChannelArguments ChannelArgumentsFor(const GrpcOptions& options);

// Over a channel that somebody else made; of `options`, only the endpoint (for messages) and the
// timeouts count.
std::unique_ptr<Api> NewGrpcClientOver(std::shared_ptr<grpc::Channel> channel,
                                       const GrpcOptions& options);

// From now on gRPC is never shut down, which takes its threads one by one and longer than most
// calls: for programs that end by _Exit.
void KeepGrpcRunning();

}  // namespace reeve::client
