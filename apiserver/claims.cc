#include "apiserver/claims.h"

#include <algorithm>
#include <set>

#include "apiserver/fields.h"
#include "apiserver/keys.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

struct PathValue {
  std::string path;
  std::string value;
};

// "spec.domains[]" with two values becomes spec.domains[0] and spec.domains[1].
std::vector<PathValue> ValuesOf(const Message& object, const std::string& field) {
  std::vector<PathValue> result;
  const size_t list = field.find("[]");
  const std::vector<std::string> values = schema::ValuesAt(object, field);
  for (size_t i = 0; i < values.size(); ++i) {
    std::string path = field;
    if (list != std::string::npos) path.replace(list, 2, fmt::format("[{}]", i));
    result.push_back({path, values[i]});
  }
  return result;
}

// Every combination of the values of the claim's fields, joined by "/". The path is that of the
// last field.
std::vector<PathValue> Combinations(const Message& object, const v1::Claim& claim) {
  std::vector<PathValue> result = {{"", ""}};
  for (const std::string& field : claim.fields()) {
    std::vector<PathValue> longer;
    for (const PathValue& so_far : result) {
      for (const PathValue& next : ValuesOf(object, field)) {
        longer.push_back(
            {next.path, so_far.path.empty() ? next.value : so_far.value + "/" + next.value});
      }
    }
    result = std::move(longer);
  }
  return result;
}

std::vector<ClaimWant> WantsOf(const v1::Claim& claim, const Message& object) {
  std::vector<ClaimWant> wants;
  for (PathValue& found : Combinations(object, claim)) {
    wants.push_back(
        {ClaimKey(claim.space(), found.value), found.value, found.path, claim.tombstone()});
  }
  return wants;
}

v1::ObjectRef RefOf(const Message& object) {
  const ObjectKey key = schema::KeyOf(object);
  v1::ObjectRef ref;
  ref.set_kind(key.kind);
  ref.set_namespace_(key.ns);
  ref.set_name(key.name);
  ref.set_uid(schema::Meta(object).uid());
  return ref;
}

std::string Describe(const v1::ObjectRef& ref) {
  return ToString(ObjectKey{ref.kind(), ref.namespace_(), ref.name()});
}

// Who has what `object` claims, when it keeps a record of that: "Instance default/shop-0"; else "".
std::string RecordedHolder(const schema::Kind& kind, const Message& object) {
  for (const v1::Claim& claim : kind.options.claims()) {
    const auto part = [&](std::string_view name) {
      return schema::ValueAt(object, fmt::format("{}.{}", claim.holder_ref(), name));
    };
    if (!claim.holder_ref().empty() && !part("name").empty())
      return ToString(ObjectKey{part("kind"), part("namespace"), part("name")});
  }
  return "";
}

std::string Conflict(const std::string& value, const v1::ClaimRecord& record,
                     const std::string& recorded) {
  if (!recorded.empty()) return fmt::format("\"{}\" is held by {}", value, recorded);
  if (!record.objects().empty())
    return fmt::format("\"{}\" is held by {}", value, Describe(record.objects(0)));
  return fmt::format("\"{}\" was held by {}, which is gone, and has not been freed", value,
                     Describe(record.last()));
}

const v1::OwnerReference* ControllerOf(const Message& object) {
  for (const v1::OwnerReference& owner : schema::Meta(object).owner_references()) {
    if (owner.controller()) return &owner;
  }
  return nullptr;
}

absl::StatusOr<std::string> RootUid(Attempt* attempt, const Message& object) {
  const Message* at = &object;
  for (int depth = 0; depth < kOwnerDepthMax; ++depth) {
    const v1::OwnerReference* owner = ControllerOf(*at);
    if (owner == nullptr) break;
    const schema::Kind* kind = attempt->kinds().FindByName(owner->kind());
    const std::string ns =
        kind != nullptr && kind->namespaced() ? schema::Meta(object).namespace_() : "";
    ASSIGN_OR_RETURN(const Message* next, attempt->Find({owner->kind(), ns, owner->name()}));
    // An owner that is gone (or another one by now) was the root as far as anybody can tell.
    if (next == nullptr || schema::Meta(*next).uid() != owner->uid()) return owner->uid();
    at = next;
  }
  return schema::Meta(*at).uid();
}

auto FindObject(v1::ClaimRecord* record, const std::string& uid) {
  return std::find_if(record->mutable_objects()->begin(), record->mutable_objects()->end(),
                      [&](const v1::ObjectRef& ref) { return ref.uid() == uid; });
}

// Where the search for a free value begins: spread by uid, so that writers at the same time seldom
// pick the same. FNV-1a.
uint64_t Spread(const std::string& uid) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : uid) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

std::vector<ClaimWant> ClaimsOf(const schema::Kind& kind, const Message& object) {
  std::vector<ClaimWant> result;
  for (const v1::Claim& claim : kind.options.claims()) {
    for (ClaimWant& want : WantsOf(claim, object)) result.push_back(std::move(want));
  }
  return result;
}

absl::StatusOr<std::string> HolderOf(Attempt* attempt, const Message& object,
                                     const v1::Claim& claim) {
  if (!claim.holder_field().empty()) return schema::ValueAt(object, claim.holder_field());
  return RootUid(attempt, object);
}

absl::StatusOr<ClaimLedger::Entry*> ClaimLedger::Load(const std::string& key) {
  const auto [it, inserted] = entries_.try_emplace(key);
  if (!inserted) return &it->second;
  ASSIGN_OR_RETURN(const std::optional<store::Version> version, attempt_->view().Get(key));
  if (version.has_value()) {
    it->second.modified = version->modified;
    if (!it->second.record.emplace().ParseFromString(version->value))
      return DataLoss("a claim record is damaged");
  }
  return &it->second;
}

absl::StatusOr<std::vector<ClaimLedger::Held>> ClaimLedger::HeldBy(const Message* object) {
  std::vector<Held> result;
  if (object == nullptr) return result;
  const schema::Kind& kind = *schema::KindOf(*object, attempt_->kinds());
  for (const v1::Claim& claim : kind.options.claims()) {
    const std::vector<ClaimWant> wants = WantsOf(claim, *object);
    if (wants.empty()) continue;
    ASSIGN_OR_RETURN(const std::string holder, HolderOf(attempt_, *object, claim));
    if (holder.empty()) continue;
    for (const ClaimWant& want : wants) result.push_back({want, holder});
  }
  return result;
}

bool ClaimLedger::Contains(const std::vector<Held>& list, const Held& held) {
  return std::any_of(list.begin(), list.end(), [&](const Held& other) {
    return other.want.key == held.want.key && other.holder == held.holder;
  });
}

absl::Status ClaimLedger::ReleaseDropped(const Message* before, const Message* after) {
  if (before == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Held> had, HeldBy(before));
  ASSIGN_OR_RETURN(const std::vector<Held> wants, HeldBy(after));
  for (const Held& held : had) {
    if (!Contains(wants, held)) RETURN_IF_ERROR(Release(held, *before));
  }
  return absl::OkStatus();
}

absl::Status ClaimLedger::TakeAdded(const Message* before, const Message* after,
                                    schema::Violations* conflicts) {
  ASSIGN_OR_RETURN(const std::vector<Held> had, HeldBy(before));
  ASSIGN_OR_RETURN(const std::vector<Held> wants, HeldBy(after));
  for (const Held& held : wants) {
    if (!Contains(had, held)) RETURN_IF_ERROR(Take(held, *after, conflicts));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ClaimLedger::FirstHolder(const v1::ClaimRecord& record) {
  if (record.objects().empty()) return "";
  const v1::ObjectRef& ref = record.objects(0);
  ASSIGN_OR_RETURN(const Message* object,
                   attempt_->Find({ref.kind(), ref.namespace_(), ref.name()}));
  return object == nullptr ? ""
                           : RecordedHolder(*schema::KindOf(*object, attempt_->kinds()), *object);
}

absl::Status ClaimLedger::Take(const Held& held, const Message& object,
                               schema::Violations* conflicts) {
  ASSIGN_OR_RETURN(Entry * entry, Load(held.want.key));
  if (entry->record.has_value() && entry->record->holder_uid() != held.holder) {
    v1::FieldViolation& violation = conflicts->emplace_back();
    violation.set_field(held.want.path);
    ASSIGN_OR_RETURN(const std::string recorded, FirstHolder(*entry->record));
    violation.set_message(Conflict(held.want.value, *entry->record, recorded));
    violation.set_object(ToString(schema::KeyOf(object)));
    return absl::OkStatus();
  }
  if (!entry->record.has_value()) entry->record.emplace().set_holder_uid(held.holder);
  v1::ClaimRecord& record = *entry->record;
  if (FindObject(&record, schema::Meta(object).uid()) == record.mutable_objects()->end()) {
    *record.add_objects() = RefOf(object);
    record.clear_last();
    entry->changed = true;
  }
  return absl::OkStatus();
}

absl::Status ClaimLedger::Release(const Held& held, const Message& object) {
  ASSIGN_OR_RETURN(Entry * entry, Load(held.want.key));
  if (!entry->record.has_value() || entry->record->holder_uid() != held.holder)
    return absl::OkStatus();
  v1::ClaimRecord& record = *entry->record;
  const auto mine = FindObject(&record, schema::Meta(object).uid());
  if (mine == record.mutable_objects()->end()) return absl::OkStatus();
  *record.mutable_last() = *mine;
  record.mutable_objects()->erase(mine);
  if (!record.objects().empty()) {
    record.clear_last();
  } else if (!held.want.tombstone) {
    entry->record.reset();
  }
  entry->changed = true;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ClaimLedger::FreeValue(const v1::Claim& claim, const std::string& uid) {
  std::set<std::string> taken;
  const KeyRange range = ClaimRange(claim.space());
  RETURN_IF_ERROR(
      attempt_->view().Scan(range.first, range.last, [&](const store::Version& version) {
        taken.emplace(ClaimValueOfKey(version.key, claim.space()));
        return true;
      }));
  const int64_t size = claim.allocate_last() - claim.allocate_first() + 1;
  const int64_t start = static_cast<int64_t>(Spread(uid) % static_cast<uint64_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    const int64_t value = claim.allocate_first() + (start + i) % size;
    const std::string text = fmt::format("{}", value);
    const auto entry = entries_.find(ClaimKey(claim.space(), text));
    if (!taken.contains(text) && (entry == entries_.end() || !entry->second.record.has_value()))
      return value;
  }
  return ResourceExhausted("no value of {} is free between {} and {}", claim.space(),
                           claim.allocate_first(), claim.allocate_last());
}

absl::Status ClaimLedger::AllocateOne(const v1::Claim& claim, const Message* before,
                                      Message* after) {
  const std::string& path = claim.fields(0);
  if (!HasParent(*after, path)) return absl::OkStatus();
  const int64_t kept = before == nullptr ? 0 : GetInt(*before, path);
  if (kept != 0) {
    SetInt(after, path, kept);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t value, FreeValue(claim, schema::Meta(*after).uid()));
  SetInt(after, path, value);
  return absl::OkStatus();
}

absl::Status ClaimLedger::Allocate(const Message* before, Message* after) {
  const schema::Kind& kind = *schema::KindOf(*after, attempt_->kinds());
  for (const v1::Claim& claim : kind.options.claims()) {
    if (claim.allocate_first() != 0) RETURN_IF_ERROR(AllocateOne(claim, before, after));
  }
  return absl::OkStatus();
}

void ClaimLedger::Flush() {
  for (auto& [key, entry] : entries_) {
    if (!entry.changed) continue;
    attempt_->Require(entry.modified == 0 ? store::MustBeAbsent(key)
                                          : store::MustBeAt(key, entry.modified));
    if (entry.record.has_value()) {
      attempt_->Write({key, entry.record->SerializeAsString()});
    } else if (entry.modified != 0) {
      attempt_->Write({key, std::nullopt});
    }
  }
}

}  // namespace reeve::apiserver
