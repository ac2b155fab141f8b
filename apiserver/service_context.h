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

// The identity of the call's verified client certificate; the administrator's on the Unix socket.
absl::StatusOr<Identity> IdentityOf(const ServiceContext& context,
                                    const grpc::ServerContextBase& call);

// Says when to try again, and that it was too much.
absl::Status Refuse(grpc::CallbackServerContext* call);

// Where a request is worked on.
enum class Place {
  kPool,
  kAlone,  // Where it arrived when it is the only one, else on the pool: waits for the disk once.
  kHere,   // Where it arrived: over in microseconds.
};

// Answers a unary call, from the pool or on the spot: `handle()` gives StatusOr<Response>.
template <typename Response, typename Handle>
grpc::ServerUnaryReactor* RunOnPool(const ServiceContext& context,
                                    grpc::CallbackServerContext* call,
                                    const RequestMetrics& metrics, Response* response,
                                    Handle handle, Priority priority = Priority::kPeople,
                                    Place place = Place::kPool) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const auto end = [=](const absl::Status& status) {
    metrics.Done(status);
    reactor->Finish(schema::ToGrpc(status));
  };
  auto work = [=, handle = std::move(handle)] {
    absl::StatusOr<Response> result = handle();
    if (result.ok()) *response = *std::move(result);
    end(result.status());
  };
  if (place == Place::kHere) {
    work();
    return reactor;
  }
  if (place == Place::kAlone) {
    const WorkerPool::Alone here(context.pool);
    if (here.alone()) work();
    if (here.alone()) return reactor;
  }
  if (!context.pool->Run(std::move(work), priority)) end(Refuse(call));
  return reactor;
}

// Likewise, for identified clients: `handle(identity)`.
template <typename Response, typename Handle>
grpc::ServerUnaryReactor* RunUnary(const ServiceContext& context, grpc::CallbackServerContext* call,
                                   const RequestMetrics& metrics, Response* response, Handle handle,
                                   Place place = Place::kPool) {
  // Before it waits: who asks decides how long.
  const absl::StatusOr<Identity> who = IdentityOf(context, *call);
  if (!who.ok()) {
    grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
    metrics.Done(who.status());
    reactor->Finish(schema::ToGrpc(who.status()));
    return reactor;
  }
  return RunOnPool(
      context, call, metrics, response,
      [handle = std::move(handle), identity = *who]() -> absl::StatusOr<Response> {
        return handle(identity);
      },
      PriorityOf(*who, metrics.resource()), place);
}

}  // namespace reeve::apiserver
