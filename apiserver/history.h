// Earlier versions of one object, as the store keeps them: how it was at a revision or at a time,
// and what was done to it. Pure reading; who may read is the registry's business.
//
// A version's time is that of the write, by the server's clock, which the store keeps beside the
// version together with the writer's name. Versions of a server that kept neither have them from
// metadata.managedFields: the newest time there is that of the write, and its manager wrote it; of
// deletions they are not known.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "apiserver/object_io.h"
#include "base/names.h"
#include "proto/schema/kind_registry.h"
#include "store/store.h"

namespace reeve::apiserver {

// Of one answer.
inline constexpr int kHistoryVersionsMax = 1000;
inline constexpr size_t kHistoryBytesMax = 8 << 20;

// One version of an object, or its end.
struct PastObject {
  Revision revision = 0;
  absl::Time time = absl::InfinitePast();  // Not known.
  std::string manager;                     // Empty: not known.
  bool deleted = false;
  ObjectPtr object;  // Of a deletion: as it last was; only its name, when that is no longer kept.
};

// When is meant: a revision, or a time when it is 0.
struct Moment {
  Revision revision = 0;
  absl::Time time = absl::InfinitePast();
};

// Whether the caller may know of an object.
using MaySee = std::function<bool(const Message&)>;

class ObjectHistory {
 public:
  // All that is kept of `key`; `key` as the store has it. FAILED_PRECONDITION for kinds that have
  // no history.
  static absl::StatusOr<ObjectHistory> Read(store::Store* store, const schema::KindRegistry& kinds,
                                            const schema::Kind& kind, const ObjectKey& key);

  // The newest first, at most `limit` (0: all, at most kHistoryVersionsMax and kHistoryBytesMax) of
  // those that `may_see` allows. NOT_FOUND when there is none.
  absl::StatusOr<std::vector<PastObject>> Versions(int limit, const MaySee& may_see) const;

  // As it was. NOT_FOUND when it was not there then; OUT_OF_RANGE for a moment that is still to
  // come, before `now` and `last` of the store, or whose version is no longer kept.
  absl::StatusOr<ObjectPtr> At(const Moment& moment, absl::Time now, const MaySee& may_see) const;

 private:
  ObjectHistory(const schema::KindRegistry& kinds, const schema::Kind& kind, ObjectKey key)
      : kinds_(&kinds), kind_(&kind), key_(std::move(key)) {}

  absl::StatusOr<PastObject> Decode(size_t i) const;
  absl::StatusOr<ObjectPtr> LastBefore(size_t deletion) const;
  absl::Status CheckReached(const Moment& moment, absl::Time now) const;
  // The first, from the newest, that is not younger than `moment`; the number of versions if none.
  absl::StatusOr<size_t> Find(const Moment& moment) const;
  absl::Status NotKept(const Moment& moment) const;

  const schema::KindRegistry* kinds_;
  const schema::Kind* kind_;
  ObjectKey key_;
  Revision last_ = 0;   // Of the store.
  Revision floor_ = 0;  // Above it, everything is kept.
  std::vector<store::PastVersion> versions_;
};

}  // namespace reeve::apiserver
