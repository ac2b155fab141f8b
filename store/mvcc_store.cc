#include "store/mvcc_store.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "store/commit_group.h"
#include "store/key.h"
#include "store/mvcc_watcher.h"
#include "store/retention.h"

namespace reeve::store {
namespace {

// Bounds the time until the first of a group is answered.
constexpr size_t kGroupTxnsMax = 1024;
constexpr size_t kCompactionBatchOps = 1000;

absl::Status StoppedBy(const absl::Status& cause) {
  return Unavailable("the store stopped acknowledging writes and must be restarted: {}",
                     Message(cause));
}

// Offers every version to a Retention, and calls `visit` with what it says.
absl::Status Retain(const EngineSnapshot& data, const RetentionLimits& limits,
                    const std::function<absl::Status(const Retention&, std::string_view key,
                                                     std::string_view value)>& visit) {
  Retention retention(limits);
  absl::Status status;
  const auto offer = [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<VersionKeyParts> parts = DecodeVersionKey(key);
    const absl::StatusOr<StoredVersion> version = DecodeVersion(value);
    status = parts.ok() ? version.status() : parts.status();
    if (!status.ok()) return false;
    retention.Keep(*parts, *version);
    status = visit(retention, key, value);
    return status.ok();
  };
  RETURN_IF_ERROR(data.Scan(std::string(1, kVersionSpace), SpaceEnd(kVersionSpace), offer));
  return status;
}

// `limits.oldest`, or the revision up to which versions must go so that history has at most
// `bytes_max`.
absl::StatusOr<Revision> OldestWithin(const EngineSnapshot& data, const RetentionLimits& limits,
                                      uint64_t bytes_max) {
  if (bytes_max == UINT64_MAX) return limits.oldest;
  HistoryBudget budget(limits.floor);
  RETURN_IF_ERROR(Retain(data, limits,
                         [&](const Retention& retention, std::string_view key,
                             std::string_view value) -> absl::Status {
                           if (retention.kept() && retention.older())
                             budget.Add(retention.revision(), key.size() + value.size());
                           return absl::OkStatus();
                         }));
  return std::max(limits.oldest, budget.OldestWithin(bytes_max));
}

}  // namespace

// Tells one who waits that it is answered, or now at the head of the queue. Shared with who tells,
// so that nothing is held while telling: whoever wakes up can go on at once.
class MvccStore::Turn {
 public:
  void Come() {
    MutexLock lock(&mu_);
    come_ = true;
    cv_.Signal();
  }
  void Wait() {
    MutexLock lock(&mu_);
    while (!come_) cv_.Wait(&mu_);
  }

 private:
  Mutex mu_;
  CondVar cv_;
  bool come_ ABSL_GUARDED_BY(mu_) = false;
};

// A caller of Commit, on its own stack until it is answered.
struct MvccStore::Waiting {
  Txn txn;
  CommitResult result;
  bool done = false;  // Set before its turn comes.
  std::shared_ptr<Turn> turn = std::make_shared<Turn>();
};

// What a group came to.
struct MvccStore::Outcome {
  absl::Status status;
  Published published;
  std::vector<std::shared_ptr<const Batch>> batches;
};

absl::StatusOr<std::unique_ptr<MvccStore>> MvccStore::Open(std::shared_ptr<Engine> engine,
                                                           MvccOptions options) {
  ASSIGN_OR_RETURN(Recovered recovered,
                   Recover(engine.get(), options.mark.get(), options.recovery));
  return std::unique_ptr<MvccStore>(
      new MvccStore(std::move(engine), std::move(options), std::move(recovered)));
}

MvccStore::MvccStore(std::shared_ptr<Engine> engine, MvccOptions options, Recovered recovered)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      epoch_(std::move(recovered.epoch)),
      gaps_(std::move(recovered.gaps)),
      watch_log_(recovered.last, options_.watch_batches_max, options_.watch_bytes_max),
      published_{engine_->Snapshot(), recovered.last, recovered.sum},
      floor_(recovered.floor) {}

MvccStore::~MvccStore() {
  MutexLock lock(&mu_);
  CHECK(queue_.empty(), "no commit may run while the store is destroyed");
  if (!options_.mark || !stopped_.ok()) return;
  // What was written without durability becomes durable, so that nothing shown is lost by an
  // orderly end.
  const absl::Status synced = engine_->Write(EngineBatch(), /*sync=*/true);
  if (synced.ok()) options_.mark->Close(published_.revision);
}

CommitResult MvccStore::Commit(Txn txn) {
  Waiting waiting{.txn = std::move(txn)};
  const std::vector<Waiting*> group = TakeTurn(&waiting);
  if (group.empty()) return std::move(waiting.result);
  const Outcome outcome = Execute(group);
  Publish(group, outcome);
  watch_log_.Wake(outcome.batches);
  return std::move(waiting.result);
}

// Waits until `waiting` is answered (none returned) or leads (all who wait now are returned, itself
// first).
std::vector<MvccStore::Waiting*> MvccStore::TakeTurn(Waiting* waiting) {
  bool leads = false;
  {
    MutexLock lock(&mu_);
    queue_.push_back(waiting);
    leads = queue_.size() == 1;
  }
  if (!leads) waiting->turn->Wait();
  if (waiting->done) return {};
  MutexLock lock(&mu_);
  const size_t size = std::min(queue_.size(), kGroupTxnsMax);
  return {queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size)};
}

MvccStore::Outcome MvccStore::Execute(const std::vector<Waiting*>& group) {
  Outcome outcome;
  {
    MutexLock lock(&mu_);
    outcome.status = stopped_;
    outcome.published = published_;
  }
  if (!outcome.status.ok()) return outcome;
  const std::shared_ptr<const EngineSnapshot> base = outcome.published.data;
  CommitGroup commits(*base, outcome.published.revision, outcome.published.sum,
                      options_.room ? options_.room() : absl::OkStatus());
  for (Waiting* waiting : group) waiting->result = commits.Add(&waiting->txn);
  const EngineBatch& batch = commits.Finish();
  if (batch.empty()) return outcome;
  outcome.status = WriteGroup(batch, commits.durable(), commits.last());
  if (!outcome.status.ok()) return outcome;
  outcome.published = {engine_->Snapshot(), commits.last(), commits.sum()};
  outcome.batches = commits.TakeBatches();
  return outcome;
}

absl::Status MvccStore::WriteGroup(const EngineBatch& batch, bool durable, Revision last) {
  Mark* const mark = options_.mark.get();
  // Beyond the ceiling nothing may be shown that a crash can take.
  const bool sync = durable || (mark && last > mark->ceiling());
  absl::Status status = engine_->Write(batch, sync);
  if (status.ok()) status = engine_->Health();
  if (!status.ok()) return StoppedBy(status);
  if (sync && mark) mark->Raise(last);
  return absl::OkStatus();
}

// The first of `group` is the caller itself.
void MvccStore::Publish(const std::vector<Waiting*>& group, const Outcome& outcome) {
  std::vector<std::shared_ptr<Turn>> turns;
  {
    MutexLock lock(&mu_);
    if (outcome.status.ok()) {
      published_ = outcome.published;
      watch_log_.Push(outcome.batches);
    } else {
      stopped_ = outcome.status;
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(group.size()));
    if (!queue_.empty()) turns.push_back(queue_.front()->turn);
    for (Waiting* waiting : group) {
      if (!outcome.status.ok()) waiting->result = {outcome.status, published_.revision, {}};
      waiting->done = true;
      if (waiting != group.front()) turns.push_back(waiting->turn);
    }
  }
  for (const std::shared_ptr<Turn>& turn : turns) turn->Come();
}

absl::Status MvccStore::CheckRevisionLocked(Revision at) const {
  if (at < floor_) {
    return OutOfRange("revision {} was compacted, the oldest is {}: list again", at, floor_);
  }
  if (at > published_.revision) {
    return OutOfRange("revision {} is ahead of the store, which is at {}", at, published_.revision);
  }
  const auto next = gaps_.lower_bound(at);
  if (next == gaps_.begin()) return absl::OkStatus();
  const auto& [from, to] = *std::prev(next);
  if (at >= to) return absl::OkStatus();
  return OutOfRange("revisions between {} and {} were lost in a crash: list again", from, to);
}

absl::StatusOr<MvccStore::Published> MvccStore::PublishedFor(Revision at) const {
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(CheckRevisionLocked(at));
  return published_;
}

absl::StatusOr<std::unique_ptr<ReadView>> MvccStore::Read(Revision at) {
  if (at != 0) {
    ASSIGN_OR_RETURN(Published published, PublishedFor(at));
    return MakeView(std::move(published.data), at, at == published.revision);
  }
  MutexLock lock(&mu_);
  return MakeView(published_.data, published_.revision, /*newest=*/true);
}

absl::StatusOr<std::unique_ptr<Watcher>> MvccStore::Watch(std::string_view first,
                                                          std::string_view last, Revision after,
                                                          std::function<void()> wake) {
  RETURN_IF_ERROR(PublishedFor(after).status());
  KeyRange range{std::string(first), std::string(last)};
  auto waker = std::make_shared<Waker>(range, std::move(wake));
  watch_log_.AddWaker(waker);
  return std::make_unique<MvccWatcher>(this, std::move(range), after, std::move(waker));
}

absl::StatusOr<MvccStore::Page> MvccStore::ChangesAfter(Revision after, const KeyRange& range,
                                                        bool was_current) {
  constexpr size_t kPageBatches = 64;
  ASSIGN_OR_RETURN(const Published published, PublishedFor(after));
  if (after == published.revision) return Page{{}, after};
  if (auto recent = watch_log_.After(after, kPageBatches)) {
    const Revision upto = recent->empty() ? after : recent->back()->revision;
    return Page{*std::move(recent), upto};
  }
  if (was_current && published.revision - after > options_.watch_lag_max) {
    return ResourceExhausted("the watcher at revision {} fell more than {} behind", after,
                             options_.watch_lag_max);
  }
  ASSIGN_OR_RETURN(LogPage page, ReadLog(*published.data, range, after, kPageBatches));
  const Revision upto = page.end ? published.revision : page.batches.back()->revision;
  return Page{std::move(page.batches), upto};
}

absl::StatusOr<std::vector<PastVersion>> MvccStore::History(std::string_view key, int limit) {
  std::shared_ptr<const EngineSnapshot> data;
  {
    MutexLock lock(&mu_);
    data = published_.data;
  }
  return ReadHistory(*data, key, limit);
}

absl::StatusOr<Revision> MvccStore::Checkpoint(const std::string& dir) {
  const Revision upto = revision();
  RETURN_IF_ERROR(engine_->Checkpoint(dir));
  return upto;
}

Revision MvccStore::revision() const {
  MutexLock lock(&mu_);
  return published_.revision;
}

Revision MvccStore::floor() const {
  MutexLock lock(&mu_);
  return floor_;
}

Revision MvccStore::FloorKeeping(int64_t commits) const {
  return RevisionBefore(commits, revision(), gaps_);
}

absl::Status MvccStore::Writable() const {
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(stopped_);
  }
  if (absl::Status health = engine_->Health(); !health.ok()) return StoppedBy(health);
  return options_.room ? options_.room() : absl::OkStatus();
}

// The floor is on disk before anything below it goes, so that a crash never leaves a hole above the
// floor.
absl::Status MvccStore::Compact(Revision floor, const HistoryLimits& history) {
  MutexLock compact_lock(&compact_mu_);
  Published published;
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(stopped_);
    if (floor > published_.revision) {
      return OutOfRange("cannot compact to {}, the store is at {}", floor, published_.revision);
    }
    if (floor <= floor_) return absl::OkStatus();
    published = published_;
  }
  const Revision oldest =
      std::min(floor, RevisionBefore(history.commits_max, published.revision, gaps_));
  RETURN_IF_ERROR(RaiseFloor(floor, oldest));
  EngineBatch log;
  log.DeleteRange(LogKey(0), LogKey(floor + 1));
  RETURN_IF_ERROR(engine_->Write(log, /*sync=*/false));
  RetentionLimits limits{
      .floor = floor, .oldest = oldest, .versions_max = history.versions_max, .from = history.from};
  ASSIGN_OR_RETURN(limits.oldest, OldestWithin(*published.data, limits, history.bytes_max));
  return DropVersions(*published.data, limits);
}

// Gaps stay as long as commits are counted across them.
absl::Status MvccStore::RaiseFloor(Revision floor, Revision oldest) {
  EngineBatch batch;
  batch.Put(MetaKey("floor"), EncodeMeta(floor));
  for (const auto& [from, to] : gaps_) {
    if (to <= oldest) batch.Delete(GapKey(from));
  }
  RETURN_IF_ERROR(engine_->Write(batch, /*sync=*/true));
  MutexLock lock(&mu_);
  floor_ = floor;
  return absl::OkStatus();
}

absl::Status MvccStore::DropVersions(const EngineSnapshot& data, const RetentionLimits& limits) {
  EngineBatch batch;
  RETURN_IF_ERROR(Retain(
      data, limits,
      [&](const Retention& retention, std::string_view key, std::string_view) -> absl::Status {
        if (!retention.kept()) batch.Delete(std::string(key));
        if (batch.ops().size() < kCompactionBatchOps) return absl::OkStatus();
        return engine_->Write(std::exchange(batch, EngineBatch()), /*sync=*/false);
      }));
  return engine_->Write(batch, /*sync=*/false);
}

}  // namespace reeve::store
