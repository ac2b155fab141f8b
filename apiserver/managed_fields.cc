#include "apiserver/managed_fields.h"

#include <algorithm>
#include <set>
#include <vector>

#include "apiserver/object_io.h"
#include "apiserver/timestamps.h"

namespace reeve::apiserver {
namespace {

using schema::Message;
using Paths = std::set<std::string>;

// Nobody manages what the server sets, nor what identifies the object.
bool Manageable(const FieldPath& path) {
  const auto name = [&](size_t i) {
    const auto* field =
        i < path.steps().size() ? std::get_if<FieldPath::Field>(&path.steps()[i]) : nullptr;
    return field == nullptr ? std::string() : field->name;
  };
  if (name(0) != "metadata") return true;
  static const std::set<std::string> kManaged = {"labels", "annotations", "finalizers",
                                                 "ownerReferences"};
  return kManaged.contains(name(1));
}

bool InSubresource(const FieldPath& path, std::string_view subresource) {
  const bool is_status = path.StartsWith(FieldPath().Child("status"));
  return is_status == (subresource == "status");
}

Paths Managed(const std::vector<FieldPath>& paths, std::string_view subresource) {
  Paths result;
  for (const FieldPath& path : paths) {
    if (Manageable(path) && InSubresource(path, subresource)) result.insert(path.ToString());
  }
  return result;
}

// The managed fields that `object` has.
Paths Present(const Message& object, std::string_view subresource) {
  const auto in_question = [&](std::string_view part) {
    return (part == "status") == (subresource == "status");
  };
  return Managed(schema::SetPaths(object, in_question), subresource);
}

v1::ManagedFieldsEntry* EntryOf(const ManagedWrite& write, v1::ObjectMeta* meta) {
  for (v1::ManagedFieldsEntry& entry : *meta->mutable_managed_fields()) {
    if (IsOf(entry, write)) return &entry;
  }
  v1::ManagedFieldsEntry* entry = meta->add_managed_fields();
  entry->set_manager(write.manager);
  entry->set_operation(std::string(write.operation));
  entry->set_subresource(std::string(write.subresource));
  return entry;
}

void SetFields(const Paths& paths, v1::ManagedFieldsEntry* entry) {
  entry->mutable_fields()->Assign(paths.begin(), paths.end());
}

void TakeFromOthers(const Paths& changed, const v1::ManagedFieldsEntry* mine,
                    v1::ObjectMeta* meta) {
  for (v1::ManagedFieldsEntry& entry : *meta->mutable_managed_fields()) {
    if (&entry == mine) continue;
    Paths rest(entry.fields().begin(), entry.fields().end());
    for (const std::string& path : changed) rest.erase(path);
    SetFields(rest, &entry);
  }
}

void DropEmpty(v1::ObjectMeta* meta) {
  auto* entries = meta->mutable_managed_fields();
  entries->erase(
      std::remove_if(entries->begin(), entries->end(),
                     [](const v1::ManagedFieldsEntry& entry) { return entry.fields().empty(); }),
      entries->end());
}

}  // namespace

bool IsOf(const v1::ManagedFieldsEntry& entry, const ManagedWrite& write) {
  return entry.manager() == write.manager && entry.operation() == write.operation &&
         entry.subresource() == write.subresource;
}

void RecordManagedFields(const ManagedWrite& write, const Message* before, const Message* applied,
                         Message* after) {
  const Paths changed = before != nullptr
                            ? Managed(schema::ChangedPaths(*before, *after), write.subresource)
                            : Present(applied != nullptr ? *applied : *after, write.subresource);
  v1::ObjectMeta* meta = schema::MutableMeta(after);
  v1::ManagedFieldsEntry* entry = EntryOf(write, meta);
  Paths mine;
  if (applied != nullptr) {  // All that it says, and nothing that it said before.
    mine = Present(*applied, write.subresource);
  } else {
    mine.insert(entry->fields().begin(), entry->fields().end());
    mine.insert(changed.begin(), changed.end());
  }
  // Fields that are gone from the object belong to nobody.
  const Paths present = Present(*after, write.subresource);
  std::erase_if(mine, [&](const std::string& path) { return !present.contains(path); });
  const bool news =
      !changed.empty() || mine != Paths(entry->fields().begin(), entry->fields().end());
  if (news) *entry->mutable_time() = ToTimestamp(write.now);
  SetFields(mine, entry);
  TakeFromOthers(changed, entry, meta);
  DropEmpty(meta);
}

}  // namespace reeve::apiserver
