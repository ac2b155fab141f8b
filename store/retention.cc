#include "store/retention.h"

#include <algorithm>

namespace reeve::store {

Revision RevisionBefore(int64_t commits, Revision last, const std::map<Revision, Revision>& gaps) {
  for (auto gap = gaps.rbegin(); gap != gaps.rend(); ++gap) {
    const int64_t after = last - gap->second;
    if (after > commits) break;
    commits -= after;
    last = gap->first;
  }
  return std::max<Revision>(0, last - commits);
}

bool Retention::Keep(const VersionKeyParts& parts, const StoredVersion& version) {
  if (!started_ || parts.key != key_) {
    key_ = parts.key;
    started_ = true;
    base_seen_ = forget_ = false;
    older_kept_[0] = older_kept_[1] = 0;
  }
  if (parts.revision > limits_.floor) return true;
  if (base_seen_) return KeepOlder(parts.revision, version);
  base_seen_ = true;
  forget_ = version.deleted && parts.revision <= limits_.oldest;
  return !forget_;
}

bool Retention::KeepOlder(Revision revision, const StoredVersion& version) {
  if (forget_ || version.ephemeral || revision <= limits_.oldest) return false;
  int& kept = older_kept_[version.minor ? 1 : 0];
  if (kept == limits_.versions_max) return false;
  ++kept;
  return true;
}

}  // namespace reeve::store
