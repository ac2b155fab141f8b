// One group of transactions on its way into the engine: each is checked against what those before
// it leave, and all that pass become one engine batch.
//
// Example: at revision 40 with key "a" absent, Add({MustBeAbsent("a")}, put "a") gives 41; the same
// again in the same group gives ABORTED with version 41 of "a" among the failed.
//
// Thread-compatible; used by the committer alone.
#pragma once

#include <absl/container/node_hash_map.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/store.h"

namespace reeve::store {

class CommitGroup {
 public:
  // `base` is the state of revision `last` with the sum `sum` (key.h), and must outlive this.
  // `room`: whether puts are accepted.
  CommitGroup(const EngineSnapshot& base, Revision last, uint64_t sum, absl::Status room)
      : base_(base), last_(last), sum_(sum), room_(std::move(room)) {}

  // The result to give once the group is written. Takes the values out of `txn`.
  CommitResult Add(Txn* txn);

  // Ends the group: what to write; empty when no transaction changes anything.
  const EngineBatch& Finish();

  Revision last() const { return last_; }
  uint64_t sum() const { return sum_; }
  bool durable() const { return durable_; }
  // What watchers see, one a commit.
  std::vector<std::shared_ptr<const Batch>> TakeBatches() { return std::move(batches_); }

 private:
  struct Staged {
    Write* write;
    std::optional<Version> previous;
  };
  // What `key` is after the transactions so far. Valid until the next Apply.
  absl::StatusOr<const std::optional<Version>*> Present(const std::string& key);
  absl::Status Check(const Txn& txn, std::vector<CommitResult::Failed>* failed);
  absl::StatusOr<std::vector<Staged>> Stage(Txn* txn);
  void Apply(std::vector<Staged> staged, const Txn& txn);
  Change ApplyOne(Staged staged, const Txn& txn);

  const EngineSnapshot& base_;
  Revision last_;
  uint64_t sum_;
  const absl::Status room_;
  bool durable_ = false;
  EngineBatch batch_;
  std::vector<std::shared_ptr<const Batch>> batches_;
  // What was read of the base, changed by this group so far: each key is read once, however many
  // transactions of the group stand on it.
  absl::node_hash_map<std::string, std::optional<Version>> known_;
};

}  // namespace reeve::store
