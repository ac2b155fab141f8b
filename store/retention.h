// Which versions of a key are kept when the change log is compacted. Pure.
//
// Kept: every version above the floor; the newest at or below it (the base: what a read at the
// floor sees, and what the next change replaces); of the older ones, for History, at most
// `versions_max` durable ones, and as many minor ones, that are not older than `oldest`. A key that
// was deleted at or before `oldest` is forgotten whole. Nor is kept, of the older ones, what had
// been replaced by `from`, by the time that the writers gave.
//
// Example: floor 50, versions_max 1, "a" written at 10, 20, 40, 60: 10 goes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/names.h"
#include "store/key.h"

namespace reeve::store {

struct RetentionLimits {
  Revision floor = 0;
  Revision oldest = 0;
  int versions_max = 0;
  absl::Time from = absl::InfinitePast();
};

// The lowest revision after which there are at most `commits` commits, up to `last`; 0 when there
// are no more than that in all. `gaps` are the revisions without commits: from each key (not
// included) to its value (included).
//
// Example: last 25, gaps {10: 20}. The newest 5 are 21 to 25, so 5 gives 10; 6 gives 9.
Revision RevisionBefore(int64_t commits, Revision last, const std::map<Revision, Revision>& gaps);

// Takes the versions of all keys in the order of the version space.
class Retention {
 public:
  explicit Retention(const RetentionLimits& limits) : limits_(limits) {}

  // Whether to keep this version.
  bool Keep(const VersionKeyParts& parts, const StoredVersion& version);

  // Of the last one that was offered: what Keep said, and whether it is older than the base.
  bool kept() const { return kept_; }
  bool older() const { return older_; }
  Revision revision() const { return revision_; }

 private:
  void Begin(const std::string& key);
  bool Decide(Revision revision, const StoredVersion& version);
  bool KeepOlder(Revision revision, const StoredVersion& version);
  bool Before(absl::Time time) const;

  const RetentionLimits limits_;
  bool kept_ = false;
  bool older_ = false;
  Revision revision_ = 0;
  std::string key_;
  absl::Time newer_time_ = absl::InfiniteFuture();  // Of the version that replaced this one.
  bool started_ = false;
  bool base_seen_ = false;
  bool forget_ = false;     // The key is gone for so long that nothing of it is kept.
  int older_kept_[2] = {};  // Of those that matter, of minor ones.
};

// How far back history goes in so many bytes. Counts in a thousand spans of revisions, so that the
// answer may be one span too late.
class HistoryBudget {
 public:
  // All revisions are at most `floor`.
  explicit HistoryBudget(Revision floor) : span_(floor / kSpans + 1), bytes_(kSpans) {}

  void Add(Revision revision, uint64_t bytes) {
    bytes_[static_cast<size_t>(revision / span_)] += bytes;
  }
  // Versions after it have at most `bytes_max`; 0 when all have.
  Revision OldestWithin(uint64_t bytes_max) const;

 private:
  static constexpr Revision kSpans = 1000;
  const Revision span_;
  std::vector<uint64_t> bytes_;
};

}  // namespace reeve::store
