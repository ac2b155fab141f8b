#include "apiserver/history.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "apiserver/keys.h"
#include "apiserver/timestamps.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string MomentText(const Moment& moment) {
  return moment.revision != 0 ? fmt::format("at revision {}", moment.revision)
                              : fmt::format("at {}", TimeText(moment.time));
}

// Who wrote last, as far as the object itself tells.
const v1::ManagedFieldsEntry* NewestEntry(const v1::ObjectMeta& meta) {
  const auto& entries = meta.managed_fields();
  const auto newest =
      std::max_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return FromTimestamp(a.time()) < FromTimestamp(b.time());
      });
  return newest == entries.end() ? nullptr : &*newest;
}

void TakeFromManagedFields(PastObject* past) {
  const v1::ObjectMeta& meta = schema::Meta(*past->object);
  const v1::ManagedFieldsEntry* entry = past->deleted ? nullptr : NewestEntry(meta);
  if (entry == nullptr) return;
  past->time = FromTimestamp(entry->time());
  past->manager = entry->manager();
}

}  // namespace

absl::StatusOr<ObjectHistory> ObjectHistory::Read(store::Store* store,
                                                  const schema::KindRegistry& kinds,
                                                  const schema::Kind& kind, const ObjectKey& key) {
  if (kind.options.ephemeral()) {
    return FailedPrecondition("{} have no history: only their present version is kept",
                              kind.plural);
  }
  ObjectHistory history(kinds, kind, key);
  // In this order, every version up to last_ and above floor_ is among them.
  history.last_ = store->revision();
  ASSIGN_OR_RETURN(history.versions_, store->History(ObjectStoreKey(kind, key.ns, key.name),
                                                     std::numeric_limits<int>::max()));
  history.floor_ = store->floor();
  return history;
}

absl::StatusOr<ObjectPtr> ObjectHistory::LastBefore(size_t deletion) const {
  const size_t before = deletion + 1;
  if (before < versions_.size() && !versions_[before].deleted)
    return DecodeFromStore(*kinds_, versions_[before].version);
  ObjectPtr object = NewMessage(*kinds_);
  object->GetReflection()->MutableMessage(object.get(), kind_->field);
  schema::MutableMeta(object.get())->set_namespace_(key_.ns);
  schema::MutableMeta(object.get())->set_name(key_.name);
  return object;
}

absl::StatusOr<PastObject> ObjectHistory::Decode(size_t i) const {
  const store::PastVersion& version = versions_[i];
  PastObject past{.revision = version.version.modified,
                  .time = version.time,
                  .manager = version.author,
                  .deleted = version.deleted,
                  .object = nullptr};
  ASSIGN_OR_RETURN(past.object,
                   past.deleted ? LastBefore(i) : DecodeFromStore(*kinds_, version.version));
  if (past.time == absl::InfinitePast()) TakeFromManagedFields(&past);
  return past;
}

absl::StatusOr<std::vector<PastObject>> ObjectHistory::Versions(int limit,
                                                                const MaySee& may_see) const {
  const auto most =
      static_cast<size_t>(limit <= 0 ? kHistoryVersionsMax : std::min(limit, kHistoryVersionsMax));
  std::vector<PastObject> result;
  size_t bytes = 0;
  for (size_t i = 0; i < versions_.size() && result.size() < most; ++i) {
    ASSIGN_OR_RETURN(PastObject past, Decode(i));
    if (!may_see(*past.object)) continue;
    bytes += past.object->ByteSizeLong();
    if (bytes > kHistoryBytesMax && !result.empty()) break;
    result.push_back(std::move(past));
  }
  if (result.empty()) return NotFoundError(*kind_, key_.name);
  return result;
}

absl::Status ObjectHistory::CheckReached(const Moment& moment, absl::Time now) const {
  if (moment.revision > last_) {
    return OutOfRange("revision {} is ahead of the store, which is at {}", moment.revision, last_);
  }
  if (moment.revision == 0 && moment.time > now) {
    return OutOfRange("{} is still to come: the server's clock says {}", TimeText(moment.time),
                      TimeText(now));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> ObjectHistory::Find(const Moment& moment) const {
  for (size_t i = 0; i < versions_.size(); ++i) {
    if (moment.revision != 0) {
      if (versions_[i].version.modified <= moment.revision) return i;
      continue;
    }
    ASSIGN_OR_RETURN(const PastObject past, Decode(i));
    if (past.time <= moment.time) return i;
  }
  return versions_.size();
}

absl::Status ObjectHistory::NotKept(const Moment& moment) const {
  if (versions_.empty()) return NotFoundError(*kind_, key_.name);
  const store::Version& oldest = versions_.back().version;
  if (versions_.back().deleted || oldest.created != oldest.modified) {
    return OutOfRange("the history of {} \"{}\" is kept from revision {} on: nothing is known {}",
                      kind_->plural, key_.name, oldest.modified, MomentText(moment));
  }
  // Above the floor nothing is missing; below it, an earlier life of the name may be forgotten.
  const bool sure = moment.revision != 0 && moment.revision >= floor_;
  return NotFound("{} \"{}\" not found {}: it was created at revision {}{}", kind_->plural,
                  key_.name, MomentText(moment), oldest.modified,
                  sure ? "" : ", and nothing older is kept");
}

absl::StatusOr<ObjectPtr> ObjectHistory::At(const Moment& moment, absl::Time now,
                                            const MaySee& may_see) const {
  RETURN_IF_ERROR(CheckReached(moment, now));
  ASSIGN_OR_RETURN(const size_t at, Find(moment));
  if (at == versions_.size()) return NotKept(moment);
  ASSIGN_OR_RETURN(PastObject past, Decode(at));
  if (!may_see(*past.object)) return NotFoundError(*kind_, key_.name);
  if (!past.deleted) return std::move(past.object);
  return NotFound("{} \"{}\" not found {}: it was deleted at revision {}", kind_->plural, key_.name,
                  MomentText(moment), past.revision);
}

}  // namespace reeve::apiserver
