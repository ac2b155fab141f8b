#include "client/watch_call.h"

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "client/transport_error.h"
#include "proto/schema/rpc_status.h"

namespace reeve::client {

WatchCall::WatchCall(v1::Resources::Stub* stub, const v1::WatchRequest& request,
                     std::string endpoint, std::function<void()> wake)
    : request_(request), endpoint_(std::move(endpoint)), wake_(std::move(wake)) {
  stub->async()->Watch(&context_, &request_, this);
  AddHold();
  StartRead(&incoming_);
  StartCall();
}

WatchCall::~WatchCall() {
  context_.TryCancel();
  ReleaseHold();
  MutexLock lock(&mu_);
  while (!finished_) finished_cv_.Wait(&mu_);
}

absl::StatusOr<std::optional<v1::WatchEvent>> WatchCall::Next() {
  std::optional<v1::WatchEvent> event;
  bool resume = false;
  {
    MutexLock lock(&mu_);
    if (queue_.empty()) {
      if (end_) return *end_;
      return event;
    }
    event = std::move(queue_.front());
    queue_.pop_front();
    resume = paused_ && queue_.size() <= kWatcherQueueEventsMax / 2;
    if (resume) paused_ = false;
  }
  if (resume) ReadAgain();
  return event;
}

void WatchCall::ReadAgain() { StartRead(&incoming_); }

bool WatchCall::Keep() {
  MutexLock lock(&mu_);
  queue_.push_back(std::move(incoming_));
  incoming_.Clear();
  paused_ = queue_.size() >= kWatcherQueueEventsMax;
  return !paused_;
}

void WatchCall::OnReadDone(bool ok) {
  if (!ok) return ReleaseHold();
  if (Keep()) ReadAgain();
  wake_();
}

void WatchCall::ReleaseHold() {
  {
    MutexLock lock(&mu_);
    if (!std::exchange(held_, false)) return;
  }
  RemoveHold();
}

void WatchCall::OnDone(const grpc::Status& status) {
  absl::Status end = ExplainTransportError(schema::FromGrpc(status), endpoint_);
  if (end.ok()) end = Unavailable("the server ended the watch");
  {
    MutexLock lock(&mu_);
    end_ = std::move(end);
  }
  wake_();
  MutexLock lock(&mu_);
  finished_ = true;
  finished_cv_.SignalAll();
}

}  // namespace reeve::client
