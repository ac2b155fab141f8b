#include "apiserver/managed_fields.h"

#include <algorithm>
#include <set>
#include <vector>

#include "apiserver/merge.h"
#include "apiserver/object_io.h"
#include "apiserver/timestamps.h"
#include "proto/schema/reflect.h"

namespace reeve::apiserver {
namespace {

using schema::Message;
using Paths = ManagedPaths;

// Nobody manages what the server sets, nor what identifies the object: `below` is a field of the
// object's `top` part.
bool Manageable(std::string_view top, std::string_view below, std::string_view subresource) {
  if ((top == "status") != (subresource == "status")) return false;
  return top != "metadata" || below == "labels" || below == "annotations" ||
         below == "finalizers" || below == "ownerReferences";
}

std::string_view NameOfStep(const FieldPath& path, size_t i) {
  const auto* field =
      i < path.steps().size() ? std::get_if<FieldPath::Field>(&path.steps()[i]) : nullptr;
  return field == nullptr ? std::string_view() : field->name;
}

Paths Managed(const std::vector<FieldPath>& paths, std::string_view subresource) {
  Paths result;
  for (const FieldPath& path : paths) {
    if (Manageable(NameOfStep(path, 0), NameOfStep(path, 1), subresource))
      result.insert(path.ToString());
  }
  return result;
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

// Whether the field is in the object with its zero value: what it stands in is there.
bool HoldsZero(const Message& object, const std::string& text) {
  const absl::StatusOr<FieldPath> path = FieldPath::Parse(text);
  return path.ok() && !MentionedZeros(schema::Inner(object), MentionOf(*path)).empty();
}

// Whether it is a truth value: false is said by who switches it off, in whatever way they write.
// Other fields that are empty may as well have been taken out.
bool IsSwitch(const Message& object, const std::string& text) {
  const absl::StatusOr<FieldPath> path = FieldPath::Parse(text);
  if (!path.ok()) return false;
  const google::protobuf::Descriptor* type = schema::Inner(object).GetDescriptor();
  const google::protobuf::FieldDescriptor* field = nullptr;
  for (const auto& step : path->steps()) {
    const auto* name = std::get_if<FieldPath::Field>(&step);
    if (name == nullptr) continue;
    field = type == nullptr ? nullptr : schema::FindField(type, name->name);
    type = field == nullptr ? nullptr : field->message_type();
  }
  return field != nullptr && !field->is_repeated() &&
         field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL;
}

// What changed is no longer theirs, nor what went with the thing that it stood in: `present` is
// what is set in `after`.
void TakeFromOthers(const Paths& changed, const Paths& present, const v1::ManagedFieldsEntry* mine,
                    Message* after) {
  for (v1::ManagedFieldsEntry& entry : *schema::MutableMeta(after)->mutable_managed_fields()) {
    if (&entry == mine) continue;
    Paths rest(entry.fields().begin(), entry.fields().end());
    for (const std::string& path : changed) rest.erase(path);
    if (!changed.empty() && entry.subresource() == mine->subresource()) {
      std::erase_if(rest, [&](const std::string& path) {
        return !present.contains(path) && !HoldsZero(*after, path);
      });
    }
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

ManagedPaths ManagedPathsOf(const Message& object, std::string_view subresource) {
  std::vector<std::string> texts =
      schema::SetPathTexts(object, [&](std::string_view top, std::string_view below) {
        return Manageable(top, below, subresource);
      });
  return {std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end())};
}

ManagedPaths ManagedPathsOf(const Message& applied, const std::vector<FieldPath>& zeros,
                            std::string_view subresource) {
  Paths paths = ManagedPathsOf(applied, subresource);
  for (const std::string& zero : Managed(zeros, subresource)) paths.insert(zero);
  // A message with nothing but zeros in it is no leaf: they are.
  for (const FieldPath& zero : zeros) paths.erase(zero.Parent().ToString());
  return paths;
}

void RecordManagedFields(const ManagedWrite& write, const Message* before, const Paths* said,
                         Message* after) {
  const Paths present = ManagedPathsOf(*after, write.subresource);
  const Paths changed = before != nullptr
                            ? Managed(schema::ChangedPaths(*before, *after), write.subresource)
                            : (said != nullptr ? *said : present);
  v1::ObjectMeta* meta = schema::MutableMeta(after);
  v1::ManagedFieldsEntry* entry = EntryOf(write, meta);
  const Paths had(entry->fields().begin(), entry->fields().end());
  Paths mine;
  if (said != nullptr) {  // All that it says, and nothing that it said before.
    mine = *said;
  } else {
    mine = had;
    mine.insert(changed.begin(), changed.end());
  }
  // Fields that are gone from the object belong to nobody.
  std::erase_if(mine, [&](const std::string& path) {
    const bool may_be_zero = said != nullptr || IsSwitch(*after, path);
    return !present.contains(path) && !(may_be_zero && HoldsZero(*after, path));
  });
  if (!changed.empty() || mine != had) *entry->mutable_time() = ToTimestamp(write.now);
  SetFields(mine, entry);
  TakeFromOthers(changed, present, entry, after);
  DropEmpty(meta);
}

}  // namespace reeve::apiserver
