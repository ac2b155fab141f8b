// A model of a store in a std::map, and random runs that compare a store with it after every step.
//
// A run is a function of its seed: transactions with preconditions and deletes, reads now and at
// old revisions, watches from random revisions, history, compaction, reopening.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"
#include "store/testing/store_conformance.h"

namespace reeve::store {

class StoreModel {
 public:
  // What Commit must answer; failed preconditions come without their present versions.
  CommitResult Commit(const Txn& txn);
  void Compact(Revision floor);

  std::optional<Version> GetAt(const std::string& key, Revision at) const;
  std::vector<Version> ScanAt(const std::string& first, const std::string& last, Revision at) const;
  // The first commit after `after` that touches the range, with the changes that do.
  std::optional<Batch> NextChange(const std::string& first, const std::string& last,
                                  Revision after) const;
  // Versions of `key` before the present one that held a value, newest first; compacted or not.
  std::vector<Version> History(const std::string& key) const;

  Revision last() const { return last_; }
  Revision floor() const { return floor_; }

 private:
  Revision last_ = 0;
  Revision floor_ = 0;
  std::map<std::string, std::map<Revision, std::optional<Version>>> versions_;
  std::deque<Batch> log_;  // Above the floor.
};

// Runs `steps` steps on stores opened from `home`; fails the current test at the first difference.
// Returns how many answers of the store were compared.
int64_t RunAgainstModel(StoreHome* home, uint64_t seed, int steps);

}  // namespace reeve::store
