// One running Watch RPC as a WatchStream.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "client/client.h"
#include "reeve/v1/resources.grpc.pb.h"

namespace reeve::client {

// Events wait in a queue of at most kWatcherQueueEventsMax; when it is full, nothing more is read,
// and the server's own queue decides. gRPC's threads fill it; no thread of ours.
//
// `wake` is not called any more once the destructor has returned. The destructor cancels the call
// and waits for its end, so it must not run inside `wake`.
class WatchCall final : public WatchStream, private grpc::ClientReadReactor<v1::WatchEvent> {
 public:
  WatchCall(v1::Resources::Stub* stub, const v1::WatchRequest& request, std::string endpoint,
            std::function<void()> wake);
  ~WatchCall() override;

  absl::StatusOr<std::optional<v1::WatchEvent>> Next() override;

 private:
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  // Keeps what was read; true when there is room for more.
  bool Keep();
  void ReadAgain();
  // Lets OnDone come: it waits while we may still start reads from outside of gRPC's callbacks.
  void ReleaseHold();

  const v1::WatchRequest request_;
  const std::string endpoint_;
  const std::function<void()> wake_;
  grpc::ClientContext context_;
  v1::WatchEvent incoming_;  // Of the one read in flight.

  Mutex mu_;
  CondVar finished_cv_;
  std::deque<v1::WatchEvent> queue_ ABSL_GUARDED_BY(mu_);
  bool paused_ ABSL_GUARDED_BY(mu_) = false;  // The queue was full: no read is in flight.
  bool held_ ABSL_GUARDED_BY(mu_) = true;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;  // The last callback has returned, or is about to.
};

}  // namespace reeve::client
