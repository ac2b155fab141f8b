// One watch of an MvccStore: pulls from the commits in memory, or from the change log when those
// are gone. Holds at most one page of commits, which it shares with all other watchers; what it has
// not pulled costs nothing.
#pragma once

#include <deque>
#include <memory>

#include "base/mutex.h"
#include "store/mvcc_store.h"

namespace reeve::store {

class MvccWatcher final : public Watcher {
 public:
  MvccWatcher(MvccStore* store, KeyRange range, Revision after, std::shared_ptr<Waker> waker)
      : store_(store), range_(std::move(range)), waker_(std::move(waker)), position_(after) {}
  ~MvccWatcher() override;

  absl::StatusOr<std::optional<Batch>> Next() override;
  Revision last_revision() const override;

 private:
  std::optional<Batch> NextFetchedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // False when there is nothing new.
  absl::StatusOr<bool> FetchLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  MvccStore* const store_;
  const KeyRange range_;
  const std::shared_ptr<Waker> waker_;
  mutable Mutex mu_;
  std::deque<std::shared_ptr<const Batch>> fetched_ ABSL_GUARDED_BY(mu_);
  Revision position_ ABSL_GUARDED_BY(mu_);  // Everything up to here was delivered.
  Revision upto_ ABSL_GUARDED_BY(mu_) = 0;  // Will be, once fetched_ is.
  bool was_current_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status dead_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::store
