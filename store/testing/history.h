// What clients did to a store, when, and what they were told; and the check that all of it can be
// explained by transactions that took effect one at a time.
//
// Since every commit has a revision the order need not be searched for: the change log says it, and
// the check is that the log agrees with every client (with the order of writes known, checking is
// easy: Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput. 1997). linearizable.h
// searches, and trusts no revision.
//
// Every transaction of a Client carries a write of the client's own key, by which the log's entry
// is recognised, also where its answer never came.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/store.h"

namespace reeve::store {

inline constexpr int64_t kNever = INT64_MAX;

// One Commit. Times are ticks of the history's own counter.
struct Attempt {
  enum class Outcome { kUnknown, kCommitted, kRefused };
  std::string id;  // "client:number"
  int64_t start = 0;
  int64_t end = kNever;  // kNever: no answer.
  Txn txn;
  Outcome outcome = Outcome::kUnknown;
  Revision revision = 0;
  std::vector<CommitResult::Failed> failed;
};

// One Get at the newest revision.
struct Look {
  int64_t start = 0;
  int64_t end = 0;
  std::string key;
  Revision revision = 0;
  std::optional<Version> found;
};

// Thread safety: safe.
class History {
 public:
  int64_t Tick() { return ++clock_; }
  void Add(Attempt attempt);
  void Add(Look look);
  // Ends a part: what was recorded since the last call. REQUIRES: no client is at work.
  std::vector<Attempt> TakeAttempts();
  std::vector<Look> TakeLooks();

 private:
  std::atomic<int64_t> clock_{0};
  Mutex mu_;
  std::vector<Attempt> attempts_ ABSL_GUARDED_BY(mu_);
  std::vector<Look> looks_ ABSL_GUARDED_BY(mu_);
};

// A client of `store` that records. Thread-compatible; `name` is used by no other client of the
// history.
class Client {
 public:
  Client(Store* store, History* history, std::string name)
      : store_(store), history_(history), name_(std::move(name)) {}

  // Adds the client's own write. `forget`: the answer is taken for lost.
  CommitResult Commit(Txn txn, bool forget = false);
  // nullopt also when the store could not be read; then nothing is recorded.
  std::optional<Version> Get(const std::string& key);

 private:
  Store* const store_;
  History* const history_;
  const std::string name_;
  int64_t count_ = 0;
};

std::string OwnKey(const std::string& client);

// Follows a store through its lives. Thread-compatible.
class Auditor {
 public:
  using State = std::map<std::string, Version>;

  // Takes the commits after revision() with what clients recorded in the same time, and says
  // everything that does not fit. What was not durable may be missing at the end.
  std::vector<std::string> Audit(const std::vector<Batch>& log, std::vector<Attempt> attempts,
                                 std::vector<Look> looks);

  // The store begins a life at this revision, with the state of the last commit.
  void Begin(Revision revision) { revision_ = std::max(revision_, revision); }

  const State& state() const { return state_; }
  Revision revision() const { return revision_; }
  int64_t commits() const { return commits_; }
  int64_t acknowledged() const { return acknowledged_; }

 private:
  struct Part;
  void Replay(const Batch& batch, Part* part);
  void CheckAttempt(const Batch& batch, const Attempt& attempt, Part* part) const;
  void CheckChanges(const Batch& batch, const Attempt& attempt, Part* part) const;
  void Apply(const Batch& batch);
  void CheckLooks(Revision upto, Part* part) const;
  void CheckRefusals(Revision upto, Part* part) const;
  static void CheckMissing(Part* part);
  static void CheckBeyond(Part* part);
  static void CheckRealTime(Part* part);

  State state_;
  Revision revision_ = 0;
  int64_t commits_ = 0;
  int64_t acknowledged_ = 0;
};

// Everything that is in `store` after `after`, oldest first.
absl::StatusOr<std::vector<Batch>> ReadLogOf(Store* store, Revision after);

// Differences between what the store says it holds now and `state`.
std::vector<std::string> CompareState(Store* store, const Auditor::State& state);

}  // namespace reeve::store
