#include "store/mvcc_watcher.h"

#include <algorithm>

#include "base/status.h"

namespace reeve::store {
namespace {

std::optional<Batch> InRange(const Batch& batch, const KeyRange& range) {
  Batch filtered{batch.revision, {}};
  for (const Change& change : batch.changes) {
    if (range.Contains(change.version.key)) filtered.changes.push_back(change);
  }
  if (filtered.changes.empty()) return std::nullopt;
  return filtered;
}

}  // namespace

MvccWatcher::~MvccWatcher() { store_->watch_log_.RemoveWaker(waker_); }

absl::StatusOr<std::optional<Batch>> MvccWatcher::Next() {
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(dead_);
  for (;;) {
    if (std::optional<Batch> batch = NextFetchedLocked()) return batch;
    ASSIGN_OR_RETURN(const bool more, FetchLocked());
    if (!more) return std::optional<Batch>();
  }
}

std::optional<Batch> MvccWatcher::NextFetchedLocked() {
  while (!fetched_.empty()) {
    const std::shared_ptr<const Batch> batch = std::move(fetched_.front());
    fetched_.pop_front();
    position_ = batch->revision;
    if (std::optional<Batch> filtered = InRange(*batch, range_)) return filtered;
  }
  position_ = std::max(position_, upto_);
  return std::nullopt;
}

absl::StatusOr<bool> MvccWatcher::FetchLocked() {
  absl::StatusOr<MvccStore::Page> page = store_->ChangesAfter(position_, range_, was_current_);
  dead_ = page.status();
  RETURN_IF_ERROR(dead_);
  was_current_ = was_current_ || page->upto == position_;
  const bool more = page->upto > position_;
  fetched_.assign(page->batches.begin(), page->batches.end());
  upto_ = page->upto;
  return more;
}

Revision MvccWatcher::last_revision() const {
  MutexLock lock(&mu_);
  return position_;
}

}  // namespace reeve::store
