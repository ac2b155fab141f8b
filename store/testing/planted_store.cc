#include "store/testing/planted_store.h"

#include <atomic>
#include <deque>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"

namespace reeve::store {
namespace {

// Passes on what the inner one delivers, but for one bug.
class PlantedWatcher final : public Watcher {
 public:
  PlantedWatcher(std::unique_ptr<Watcher> inner, Bug bug, int period)
      : inner_(std::move(inner)), bug_(bug), period_(period) {}

  absl::StatusOr<std::optional<Batch>> Next() override {
    if (held_.empty()) {
      absl::StatusOr<std::optional<Batch>> next = inner_->Next();
      if (!next.ok() || !*next) return next;
      Plant(**std::move(next));
      if (held_.empty()) return Next();
    }
    std::optional<Batch> batch = std::move(held_.front());
    held_.pop_front();
    return batch;
  }

  Revision last_revision() const override {
    const Revision real = inner_->last_revision();
    // Beyond what is still held: whoever resumes here misses it.
    if (held_.empty() || bug_ == Bug::kBookmarkTooEarly) return real;
    return std::min(real, held_.front().revision - 1);
  }

 private:
  void Plant(Batch batch) {
    if (++count_ % period_ == 0) {
      Spoil(&batch);
      if (bug_ == Bug::kSkippedEvent) return;
      if (bug_ == Bug::kDuplicateEvent) held_.push_back(batch);
      if (bug_ == Bug::kReorderedEvents || bug_ == Bug::kBookmarkTooEarly) HoldAnother();
      if (bug_ == Bug::kSplitTransaction && batch.changes.size() > 1) {
        Batch part{batch.revision, {batch.changes.back()}};
        batch.changes.pop_back();
        held_.push_back(std::move(part));
      }
    }
    if (bug_ == Bug::kReorderedEvents) {
      held_.push_back(std::move(batch));
    } else {
      held_.push_front(std::move(batch));
    }
  }

  void HoldAnother() {
    absl::StatusOr<std::optional<Batch>> next = inner_->Next();
    if (next.ok() && *next) held_.push_back(**std::move(next));
  }

  void Spoil(Batch* batch) const {
    Change& change = batch->changes.front();
    if (bug_ == Bug::kWrongPrevious && change.previous) change.previous->value += "?";
    if (bug_ == Bug::kForgottenCreation) --change.version.created;
    if (bug_ == Bug::kEventOutOfRange) {
      Change stray = change;
      stray.version.key = "~" + stray.version.key;
      batch->changes.push_back(std::move(stray));
    }
  }

  const std::unique_ptr<Watcher> inner_;
  const Bug bug_;
  const int period_;
  int count_ = 0;
  std::deque<Batch> held_;
};

// Shows nothing that was written after it was made, or what is not written yet.
class PlantedView final : public ReadView {
 public:
  PlantedView(std::unique_ptr<ReadView> data, Revision revision)
      : data_(std::move(data)), revision_(revision) {}
  Revision revision() const override { return revision_; }
  absl::StatusOr<std::optional<Version>> Get(std::string_view key) const override {
    return data_->Get(key);
  }
  absl::Status Scan(std::string_view first, std::string_view last,
                    const std::function<bool(const Version&)>& visit) const override {
    return data_->Scan(first, last, visit);
  }

 private:
  const std::unique_ptr<ReadView> data_;
  const Revision revision_;
};

class PlantedStore final : public Store {
 public:
  PlantedStore(Store* inner, Bug bug, int period) : inner_(inner), bug_(bug), period_(period) {}

  CommitResult Commit(Txn txn) override {
    const bool now = ++commits_ % period_ == 0;
    if (!now) return inner_->Commit(std::move(txn));
    switch (bug_) {
      case Bug::kLostWrite:
        return {absl::OkStatus(), inner_->revision() + 1, {}};
      case Bug::kPreconditionIgnored:
        txn.preconditions.clear();
        return inner_->Commit(std::move(txn));
      case Bug::kRevisionReused:
        return OneTooLow(inner_->Commit(std::move(txn)));
      case Bug::kHalfTransaction:
        if (txn.writes.size() > 1) txn.writes.erase(txn.writes.begin());
        return inner_->Commit(std::move(txn));
      case Bug::kWrittenTwice:
        (void)inner_->Commit(txn);
        return inner_->Commit(std::move(txn));
      case Bug::kRefusedButWritten:
        return ForcedThrough(std::move(txn));
      case Bug::kResurrectedDelete:
        return Resurrecting(std::move(txn));
      default:
        return inner_->Commit(std::move(txn));
    }
  }

  absl::StatusOr<std::unique_ptr<ReadView>> Read(Revision at) override {
    const bool now = ++reads_ % period_ == 0;
    if (at != 0 || !now) return inner_->Read(at);
    if (bug_ == Bug::kStaleRead)
      return inner_->Read(std::max(inner_->floor(), inner_->revision() - 3));
    if (bug_ != Bug::kDirtyRead) return inner_->Read(at);
    // Says an older revision than that of what it shows.
    ASSIGN_OR_RETURN(auto view, inner_->Read(0));
    const Revision revision = view->revision() - 3;
    return std::make_unique<PlantedView>(std::move(view), revision);
  }

  absl::StatusOr<std::unique_ptr<Watcher>> Watch(std::string_view first, std::string_view last,
                                                 Revision after,
                                                 std::function<void()> wake) override {
    if (bug_ == Bug::kResumeSkipsOne) after = std::min(after + 1, inner_->revision());
    ASSIGN_OR_RETURN(auto watcher, inner_->Watch(first, last, after, std::move(wake)));
    return std::make_unique<PlantedWatcher>(std::move(watcher), bug_, period_);
  }

  absl::Status Compact(Revision floor, const HistoryLimits& history) override {
    return inner_->Compact(floor, history);
  }
  absl::StatusOr<std::vector<PastVersion>> History(std::string_view key, int limit) override {
    return inner_->History(key, limit);
  }
  absl::StatusOr<Revision> Checkpoint(const std::string& dir) override {
    return inner_->Checkpoint(dir);
  }
  Revision revision() const override { return inner_->revision(); }
  Revision floor() const override { return inner_->floor(); }
  Revision FloorKeeping(int64_t commits) const override { return inner_->FloorKeeping(commits); }
  const std::string& epoch() const override { return inner_->epoch(); }
  absl::Status Writable() const override { return inner_->Writable(); }

 private:
  static CommitResult OneTooLow(CommitResult result) {
    if (result.status.ok()) --result.revision;
    return result;
  }

  CommitResult ForcedThrough(Txn txn) {
    CommitResult result = inner_->Commit(txn);
    if (result.status.ok()) return result;
    txn.preconditions.clear();
    (void)inner_->Commit(std::move(txn));
    return result;
  }

  // What a delete took comes back.
  CommitResult Resurrecting(Txn txn) {
    std::vector<Write> taken;
    const auto view = inner_->Read();
    for (const Write& write : txn.writes) {
      if (write.value || !view.ok()) continue;
      const auto version = (*view)->Get(write.key);
      if (version.ok() && *version) taken.push_back({write.key, (*version)->value});
    }
    CommitResult result = inner_->Commit(std::move(txn));
    if (!taken.empty() && result.status.ok())
      (void)inner_->Commit({.preconditions = {}, .writes = taken});
    return result;
  }

  Store* const inner_;
  const Bug bug_;
  const int period_;
  std::atomic<int> commits_{0};
  std::atomic<int> reads_{0};
};

}  // namespace

const std::vector<Bug>& AllBugs() {
  static const auto* const bugs = new std::vector<Bug>{
      Bug::kLostWrite,         Bug::kStaleRead,         Bug::kPreconditionIgnored,
      Bug::kRevisionReused,    Bug::kResurrectedDelete, Bug::kHalfTransaction,
      Bug::kRefusedButWritten, Bug::kDirtyRead,         Bug::kWrittenTwice,
      Bug::kDuplicateEvent,    Bug::kSkippedEvent,      Bug::kReorderedEvents,
      Bug::kSplitTransaction,  Bug::kWrongPrevious,     Bug::kEventOutOfRange,
      Bug::kBookmarkTooEarly,  Bug::kResumeSkipsOne,    Bug::kForgottenCreation};
  return *bugs;
}

std::string NameOf(Bug bug) {
  switch (bug) {
    case Bug::kNone:
      return "none";
    case Bug::kLostWrite:
      return "lost write";
    case Bug::kStaleRead:
      return "stale read";
    case Bug::kPreconditionIgnored:
      return "precondition ignored";
    case Bug::kRevisionReused:
      return "revision reused";
    case Bug::kResurrectedDelete:
      return "resurrected delete";
    case Bug::kHalfTransaction:
      return "half a transaction";
    case Bug::kRefusedButWritten:
      return "refused but written";
    case Bug::kDirtyRead:
      return "read of what is newer than it says";
    case Bug::kWrittenTwice:
      return "written twice";
    case Bug::kDuplicateEvent:
      return "duplicate event";
    case Bug::kSkippedEvent:
      return "skipped event";
    case Bug::kReorderedEvents:
      return "reordered events";
    case Bug::kSplitTransaction:
      return "transaction split in the watch";
    case Bug::kWrongPrevious:
      return "wrong previous version";
    case Bug::kEventOutOfRange:
      return "event out of range";
    case Bug::kBookmarkTooEarly:
      return "bookmark too early";
    case Bug::kResumeSkipsOne:
      return "resuming skips one";
    case Bug::kForgottenCreation:
      return "creation not told";
  }
  return "";
}

std::unique_ptr<Store> PlantBug(Store* inner, Bug bug, int period) {
  return std::make_unique<PlantedStore>(inner, bug, period);
}

}  // namespace reeve::store
