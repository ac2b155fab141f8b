// What every gRPC service of the server shares: who asks, threads that may wait, and the shape of a
// unary call.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <utility>

#include "apiserver/authenticator.h"
#include "apiserver/request_metrics.h"
#include "apiserver/worker_pool.h"
#include "base/clock.h"
#include "base/status.h"
#include "proto/schema/rpc_status.h"

namespace reeve::apiserver {

// Everything outlives the services. Immutable.
struct ServiceContext {
  const Authenticator* authenticator = nullptr;
  WorkerPool* pool = nullptr;
  Clock* clock = nullptr;
};

// The identity of the call's verified client certificate.
absl::StatusOr<Identity> IdentityOf(const ServiceContext& context,
                                    const grpc::ServerContextBase& call);

// Answers a unary call from the pool: `handle()` gives StatusOr<Response>.
template <typename Response, typename Handle>
grpc::ServerUnaryReactor* RunOnPool(const ServiceContext& context,
                                    grpc::CallbackServerContext* call,
                                    const RequestMetrics& metrics, Response* response,
                                    Handle handle) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const auto end = [=](const absl::Status& status) {
    metrics.Done(status);
    reactor->Finish(schema::ToGrpc(status));
  };
  const bool taken = context.pool->Run([=] {
    absl::StatusOr<Response> result = handle();
    if (result.ok()) *response = *std::move(result);
    end(result.status());
  });
  if (!taken) end(ResourceExhausted("the server is busy; try again"));
  return reactor;
}

// Likewise, for identified clients: `handle(identity)`.
template <typename Response, typename Handle>
grpc::ServerUnaryReactor* RunUnary(const ServiceContext& context, grpc::CallbackServerContext* call,
                                   const RequestMetrics& metrics, Response* response,
                                   Handle handle) {
  return RunOnPool(context, call, metrics, response, [=]() -> absl::StatusOr<Response> {
    ASSIGN_OR_RETURN(const Identity who, IdentityOf(context, *call));
    return handle(who);
  });
}

}  // namespace reeve::apiserver
