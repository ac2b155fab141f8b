// The newest commits in memory, and who waits for more of them. What is older is read from the
// change log.
//
// Thread safety: safe. Push is called by the committer alone, in revision order.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "store/view.h"

namespace reeve::store {

// Called when a commit touched the range. Remove() returns when no call is running and none will
// follow.
class Waker {
 public:
  Waker(KeyRange range, std::function<void()> wake)
      : range_(std::move(range)), wake_(std::move(wake)) {}
  void CallIfTouched(const std::vector<std::shared_ptr<const Batch>>& batches);
  void Remove();

 private:
  const KeyRange range_;
  Mutex mu_;  // Held during the call, so that Remove can wait for its end.
  std::function<void()> wake_ ABSL_GUARDED_BY(mu_);
};

class WatchLog {
 public:
  // Commits after `start` will be pushed; at most `batches_max` and about `bytes_max` are kept.
  WatchLog(Revision start, size_t batches_max, size_t bytes_max)
      : batches_max_(batches_max), bytes_max_(bytes_max), before_(start) {}

  void Push(const std::vector<std::shared_ptr<const Batch>>& batches);

  // Up to `limit` commits after `after`, oldest first; nullopt when some of them are no longer
  // here.
  std::optional<std::vector<std::shared_ptr<const Batch>>> After(Revision after,
                                                                 size_t limit) const;

  void AddWaker(std::shared_ptr<Waker> waker);
  void RemoveWaker(const std::shared_ptr<Waker>& waker);
  // Calls the wakers whose range `batches` touch. Holds no lock of the store.
  void Wake(const std::vector<std::shared_ptr<const Batch>>& batches);

 private:
  using Wakers = std::vector<std::shared_ptr<Waker>>;
  void DropOldestLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t batches_max_;
  const size_t bytes_max_;
  mutable Mutex mu_;
  std::deque<std::shared_ptr<const Batch>> batches_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
  Revision before_ ABSL_GUARDED_BY(mu_);  // Every commit after this one is in batches_.
  std::shared_ptr<const Wakers> wakers_ ABSL_GUARDED_BY(mu_) = std::make_shared<Wakers>();
};

}  // namespace reeve::store
