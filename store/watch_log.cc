#include "store/watch_log.h"

#include <algorithm>

namespace reeve::store {
namespace {

constexpr size_t kChangeOverheadBytes = 200;

size_t SizeOf(const Batch& batch) {
  size_t bytes = 0;
  for (const Change& change : batch.changes) {
    bytes += kChangeOverheadBytes + change.version.key.size() + change.version.value.size();
    if (change.previous) bytes += change.previous->key.size() + change.previous->value.size();
  }
  return bytes;
}

}  // namespace

void Waker::CallIfTouched(const std::vector<std::shared_ptr<const Batch>>& batches) {
  const auto touched = [this](const Change& change) { return range_.Contains(change.version.key); };
  const bool any = std::ranges::any_of(batches, [&](const std::shared_ptr<const Batch>& batch) {
    return std::ranges::any_of(batch->changes, touched);
  });
  if (!any) return;
  MutexLock lock(&mu_);
  if (wake_) wake_();
}

void Waker::Remove() {
  MutexLock lock(&mu_);
  wake_ = nullptr;
}

void WatchLog::Push(const std::vector<std::shared_ptr<const Batch>>& batches) {
  MutexLock lock(&mu_);
  for (const std::shared_ptr<const Batch>& batch : batches) {
    batches_.push_back(batch);
    bytes_ += SizeOf(*batch);
  }
  while (batches_.size() > batches_max_ || (bytes_ > bytes_max_ && !batches_.empty())) {
    DropOldestLocked();
  }
}

void WatchLog::DropOldestLocked() {
  before_ = batches_.front()->revision;
  bytes_ -= SizeOf(*batches_.front());
  batches_.pop_front();
}

std::optional<std::vector<std::shared_ptr<const Batch>>> WatchLog::After(Revision after,
                                                                         size_t limit) const {
  MutexLock lock(&mu_);
  if (after < before_) return std::nullopt;
  const auto first = std::ranges::upper_bound(
      batches_, after, {},
      [](const std::shared_ptr<const Batch>& batch) { return batch->revision; });
  const auto left = static_cast<size_t>(batches_.end() - first);
  return std::vector(first, first + static_cast<std::ptrdiff_t>(std::min(left, limit)));
}

void WatchLog::AddWaker(std::shared_ptr<Waker> waker) {
  MutexLock lock(&mu_);
  auto wakers = std::make_shared<Wakers>(*wakers_);
  wakers->push_back(std::move(waker));
  wakers_ = std::move(wakers);
}

void WatchLog::RemoveWaker(const std::shared_ptr<Waker>& waker) {
  {
    MutexLock lock(&mu_);
    auto wakers = std::make_shared<Wakers>(*wakers_);
    std::erase(*wakers, waker);
    wakers_ = std::move(wakers);
  }
  waker->Remove();
}

void WatchLog::Wake(const std::vector<std::shared_ptr<const Batch>>& batches) {
  std::shared_ptr<const Wakers> wakers;
  {
    MutexLock lock(&mu_);
    wakers = wakers_;
  }
  for (const std::shared_ptr<Waker>& waker : *wakers) waker->CallIfTouched(batches);
}

}  // namespace reeve::store
