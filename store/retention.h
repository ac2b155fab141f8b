// Which versions of a key are kept when the change log is compacted. Pure.
//
// Kept: every version above the floor; the newest at or below it (the base: what a read at the
// floor sees, and what the next change replaces); of the older ones, for History, at most
// `versions_max` durable ones, and as many minor ones, that are not older than `oldest`. A key that
// was deleted at or before `oldest` is forgotten whole.
//
// Example: floor 50, versions_max 1, "a" written at 10, 20, 40, 60: 10 goes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/names.h"
#include "store/key.h"

namespace reeve::store {

struct RetentionLimits {
  Revision floor = 0;
  Revision oldest = 0;
  int versions_max = 0;
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

 private:
  bool KeepOlder(Revision revision, const StoredVersion& version);

  const RetentionLimits limits_;
  std::string key_;
  bool started_ = false;
  bool base_seen_ = false;
  bool forget_ = false;     // The key is gone for so long that nothing of it is kept.
  int older_kept_[2] = {};  // Of those that matter, of minor ones.
};

}  // namespace reeve::store
