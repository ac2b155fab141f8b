// What a namespace uses of its quota, and who may use more.
//
// A namespace with a quota has one record in the store that counts what each bound bounds. Whatever
// changes one of the counts writes the record in the same transaction, and requires the namespace
// as it was read: racing writers exclude each other, and nobody who had not seen the quota yet can
// slip past it. A record that is missing, or was made for another version of the namespace's spec,
// is counted anew. Without a quota there is no record, and writers do not touch each other.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <string>

#include "apiserver/attempt.h"
#include "proto/schema/validate.h"
#include "reeve/v1/namespace.pb.h"

namespace reeve::apiserver {

// By the path of the bound below spec.quota: "objects[Site]", "instances", "ports".
using Usage = std::map<std::string, int64_t>;

// The bounds that `quota` sets.
Usage LimitsOf(const v1::Quota& quota);
// What `object` counts towards all bounds that there can be; nothing for nullptr.
Usage UsageOf(const schema::KindRegistry& kinds, const Message* object);

// Violations of a quota as such: unknown kinds, kinds without a namespace, negative bounds.
void CheckQuota(const schema::KindRegistry& kinds, const v1::Quota& quota,
                schema::Violations* violations);

// One attempt's changes of counts. Thread-compatible.
class QuotaLedger {
 public:
  explicit QuotaLedger(Attempt* attempt) : attempt_(attempt) {}

  // Counts the change of one object: what it gives back, or what it takes. All that is given back
  // by a request comes first, so that it may move what it uses from one object to another.
  enum class Part { kGivenBack, kTaken };
  absl::Status Add(const Message* before, const Message* after, Part part);
  // PERMISSION_DENIED, with all bounds that would be passed: `sites "x" is forbidden: exceeded
  // quota: spec.quota.objects[Site] of namespace "shop", requested: 1, used: 3, limited: 3`.
  absl::Status Check() const;
  // Writes the records.
  void Flush();

 private:
  // The counts of one namespace.
  struct Entry {
    std::string key;
    Revision modified = 0;  // Of the record; 0: there is none.
    v1::Namespace record;
    Usage limits;
  };
  absl::StatusOr<Entry*> Load(const v1::Namespace& ns);
  absl::Status Recount(const v1::Namespace& ns, Entry* entry) const;
  void Use(const Message& object, const v1::Namespace& ns, const std::string& bound, int64_t more,
           Entry* entry);

  Attempt* const attempt_;
  std::map<std::string, Entry> entries_;  // By namespace.
  schema::Violations violations_;
  std::string refusal_;
};

// Removes the record of a namespace that goes.
void StageQuotaEnd(Attempt* attempt, const std::string& ns);

}  // namespace reeve::apiserver
