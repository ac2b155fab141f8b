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

void Retention::Begin(const std::string& key) {
  key_ = key;
  started_ = true;
  base_seen_ = forget_ = false;
  older_kept_[0] = older_kept_[1] = 0;
  newer_time_ = absl::InfiniteFuture();
}

bool Retention::Keep(const VersionKeyParts& parts, const StoredVersion& version) {
  if (!started_ || parts.key != key_) Begin(parts.key);
  revision_ = parts.revision;
  older_ = base_seen_;
  kept_ = Decide(parts.revision, version);
  newer_time_ = version.time;
  return kept_;
}

bool Retention::Decide(Revision revision, const StoredVersion& version) {
  if (revision > limits_.floor) return true;
  if (base_seen_) return KeepOlder(revision, version);
  base_seen_ = true;
  forget_ = version.deleted && (revision <= limits_.oldest || Before(version.time));
  return !forget_;
}

// A time that is not known is before nothing.
bool Retention::Before(absl::Time time) const {
  return time != absl::InfinitePast() && time <= limits_.from;
}

bool Retention::KeepOlder(Revision revision, const StoredVersion& version) {
  if (forget_ || version.ephemeral || revision <= limits_.oldest) return false;
  if (Before(newer_time_)) return false;
  int& kept = older_kept_[version.minor ? 1 : 0];
  if (kept == limits_.versions_max) return false;
  ++kept;
  return true;
}

Revision HistoryBudget::OldestWithin(uint64_t bytes_max) const {
  uint64_t bytes = 0;
  for (Revision at = kSpans - 1; at >= 0; --at) {
    bytes += bytes_[static_cast<size_t>(at)];
    if (bytes > bytes_max) return (at + 1) * span_ - 1;
  }
  return 0;
}

}  // namespace reeve::store
