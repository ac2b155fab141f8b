// What every gRPC service of the server shares: who asks, threads that may wait, and the shape of a unary call.
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
absl::StatusOr<Identity> IdentityOf(const ServiceContext& context, const grpc::ServerContextBase& call);

// Answers a unary call from the pool: `handle(identity)` gives StatusOr<Response>.
template <typename Response, typename Handle>
grpc::ServerUnaryReactor* RunUnary(const ServiceContext& context, grpc::CallbackServerContext* call,
                                   RequestMetrics metrics, Response* response, Handle handle) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const auto answer = [=] {
    const absl::StatusOr<Identity> who = IdentityOf(context, *call);
    absl::StatusOr<Response> result = who.ok() ? handle(*who) : absl::StatusOr<Response>(who.status());
    if (result.ok()) *response = *std::move(result);
    metrics.Done(result.status());
    reactor->Finish(schema::ToGrpc(result.status()));
  };
  if (!context.pool->Run(answer)) {
    const absl::Status busy = ResourceExhausted("the server is busy; try again");
    metrics.Done(busy);
    reactor->Finish(schema::ToGrpc(busy));
  }
  return reactor;
}

}  // namespace reeve::apiserver
