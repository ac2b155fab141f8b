#include "apiserver/store_watch.h"

#include <utility>

#include "base/log.h"

namespace reeve::apiserver {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(1);

}  // namespace

StoreWatch::StoreWatch(std::function<absl::Status()> storage, std::function<void()> end)
    : storage_(std::move(storage)),
      end_(std::move(end)),
      thread_("store-watch", [this] { Loop(); }) {}

StoreWatch::~StoreWatch() { stop_.Notify(); }

absl::Status StoreWatch::failure() const {
  MutexLock lock(&mu_);
  return failure_;
}

void StoreWatch::Loop() {
  while (!stop_.WaitFor(kPeriod)) {
    absl::Status status = storage_();
    if (!absl::IsUnavailable(status)) continue;
    Log(LogLevel::kError, "ending, so that the store is opened anew",
        {{"status", status.ToString()}});
    {
      MutexLock lock(&mu_);
      failure_ = std::move(status);
    }
    end_();
    return;
  }
}

}  // namespace reeve::apiserver
