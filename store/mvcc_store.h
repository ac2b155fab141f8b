// The Store over any engine: revisions, preconditions, watches, compaction. Owns no thread.
//
// Committing: callers queue; the one at the head leads. It takes everybody who waits, checks them
// in order, writes one engine batch (synced when any of them is durable), publishes, and answers
// all. Those who arrive meanwhile form the next group. So there is one total order, and one sync
// for whatever waits.
//
// After an error of the engine the state on disk is unknown: every later commit gets UNAVAILABLE
// until the process is restarted and the store is opened, and verified, again. Reads go on.
//
// REQUIRES: the store outlives its watchers. Views may outlive it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/mutex.h"
#include "store/engine.h"
#include "store/mark.h"
#include "store/recovery.h"
#include "store/retention.h"
#include "store/store.h"
#include "store/watch_log.h"

namespace reeve::store {

struct MvccOptions {
  RecoveryOptions recovery;
  std::shared_ptr<Mark> mark;  // Null: nothing outside the engine tells what was acknowledged.
  // OK, or RESOURCE_EXHAUSTED while puts must be refused. Called by the committer; must be quick.
  // Null: always OK.
  std::function<absl::Status()> room;
  // Commits kept in memory for watchers.
  size_t watch_batches_max = 10'000;
  size_t watch_bytes_max = 64 << 20;
  // A watcher that was up to date and is now further behind is told RESOURCE_EXHAUSTED.
  int64_t watch_lag_max = kWatchLogCommitsMax;
};

class MvccStore final : public Store {
 public:
  // Opens what `engine` holds, or starts a new store in it. Errors: see Recover.
  static absl::StatusOr<std::unique_ptr<MvccStore>> Open(std::shared_ptr<Engine> engine,
                                                         MvccOptions options);
  ~MvccStore() override;

  CommitResult Commit(Txn txn) override;
  absl::StatusOr<std::unique_ptr<ReadView>> Read(Revision at) override;
  absl::StatusOr<std::unique_ptr<Watcher>> Watch(std::string_view first, std::string_view last,
                                                 Revision after,
                                                 std::function<void()> wake) override;
  absl::Status Compact(Revision floor, const HistoryLimits& history) override;
  absl::StatusOr<std::vector<PastVersion>> History(std::string_view key, int limit) override;
  absl::StatusOr<Revision> Checkpoint(const std::string& dir) override;
  Revision revision() const override;
  Revision floor() const override;
  Revision FloorKeeping(int64_t commits) const override;
  const std::string& epoch() const override { return epoch_; }
  absl::Status Writable() const override;

 private:
  friend class MvccWatcher;
  class Turn;
  struct Waiting;
  struct Outcome;
  struct Published {
    std::shared_ptr<const EngineSnapshot> data;
    Revision revision = 0;
    uint64_t sum = 0;  // See key.h.
  };
  // What a watcher at `after` has to deliver next.
  struct Page {
    std::vector<std::shared_ptr<const Batch>> batches;
    Revision upto = 0;  // Nothing up to here is missing.
  };

  MvccStore(std::shared_ptr<Engine> engine, MvccOptions options, Recovered recovered);

  // Commit, step by step.
  std::vector<Waiting*> TakeTurn(Waiting* waiting);
  Outcome Execute(const std::vector<Waiting*>& group);
  absl::Status WriteGroup(const EngineBatch& batch, bool durable, Revision last);
  void Publish(const std::vector<Waiting*>& group, const Outcome& outcome);

  // OUT_OF_RANGE unless `at` is a revision that a reader may resume from or read at.
  absl::Status CheckRevisionLocked(Revision at) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<Published> PublishedFor(Revision at) const;
  absl::StatusOr<Page> ChangesAfter(Revision after, const KeyRange& range, bool was_current);
  absl::Status RaiseFloor(Revision floor, Revision oldest);
  absl::Status DropVersions(const EngineSnapshot& data, const RetentionLimits& limits);

  const std::shared_ptr<Engine> engine_;
  const MvccOptions options_;
  const std::string epoch_;
  const std::map<Revision, Revision> gaps_;  // See Recovered.
  WatchLog watch_log_;
  Mutex compact_mu_;  // Serialises Compact; taken before mu_.

  mutable Mutex mu_;  // Guards all below. Never held during a read or write of the engine.
  std::deque<Waiting*> queue_ ABSL_GUARDED_BY(mu_);  // The first one leads, or will.
  Published published_ ABSL_GUARDED_BY(mu_);
  Revision floor_ ABSL_GUARDED_BY(mu_);
  absl::Status stopped_ ABSL_GUARDED_BY(mu_);  // Not OK: no commit is acknowledged any more.
};

}  // namespace reeve::store
