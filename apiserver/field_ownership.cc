#include "apiserver/field_ownership.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apiserver/fields.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using Paths = std::set<FieldPath>;
using Steps = std::vector<FieldPath::Step>;

Paths PathsOf(const v1::ManagedFieldsEntry& entry) {
  Paths paths;
  for (const std::string& text : entry.fields()) {
    if (absl::StatusOr<FieldPath> path = FieldPath::Parse(text); path.ok())
      paths.insert(*std::move(path));
  }
  return paths;
}

// What `write`'s manager (mine), or everybody else, owns of `object`.
Paths OwnedBy(bool mine, const ManagedWrite& write, const Message& object) {
  Paths paths;
  for (const v1::ManagedFieldsEntry& entry : schema::Meta(object).managed_fields()) {
    if (IsOf(entry, write) == mine) paths.merge(PathsOf(entry));
  }
  return paths;
}

bool AnyBelow(const Paths& paths, const FieldPath& prefix) {
  const auto first = paths.lower_bound(prefix);
  return first != paths.end() && first->StartsWith(prefix);
}

void RemoveItem(Message* parent, const FieldDescriptor* list, int at) {
  const Reflection* reflection = parent->GetReflection();
  const int last = reflection->FieldSize(*parent, list) - 1;
  for (int i = at; i < last; ++i) reflection->SwapElements(parent, list, i, i + 1);
  reflection->RemoveLast(parent, list);
}

void RemoveAt(Message* message, const Steps& steps, size_t at);

// Where the item that `step` names is: by index in lists and sets, by key in maps.
std::optional<int> ItemAt(const Message& parent, const FieldDescriptor* list,
                          const FieldPath::Step& step) {
  const Reflection* reflection = parent.GetReflection();
  const int size = reflection->FieldSize(parent, list);
  if (const auto* index = std::get_if<FieldPath::Index>(&step))
    return index->index < size ? std::optional<int>(index->index) : std::nullopt;
  const auto* key = std::get_if<FieldPath::Key>(&step);
  if (key == nullptr || !list->is_map()) return std::nullopt;
  const FieldDescriptor* name = list->message_type()->FindFieldByNumber(1);
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection->GetRepeatedMessage(parent, list, i);
    if (entry.GetReflection()->GetString(entry, name) == key->key) return i;
  }
  return std::nullopt;
}

// Whoever drops the key of an item drops the item: nobody else names it.
bool IsItsKey(const FieldDescriptor* list, const FieldPath::Step& step) {
  const auto* field = std::get_if<FieldPath::Field>(&step);
  const std::string& key = list->options().GetExtension(v1::rules).merge_key();
  return field != nullptr && !key.empty() &&
         FieldCalled(list->message_type(), field->name) == FieldCalled(list->message_type(), key);
}

void RemoveInList(Message* parent, const FieldDescriptor* list, const Steps& steps, size_t at) {
  const std::optional<int> index = ItemAt(*parent, list, steps[at]);
  if (!index) return;
  if (at + 1 == steps.size() || IsItsKey(list, steps[at + 1]))
    return RemoveItem(parent, list, *index);
  RemoveAt(parent->GetReflection()->MutableRepeatedMessage(parent, list, *index), steps, at + 1);
}

void RemoveAt(Message* message, const Steps& steps, size_t at) {
  const auto* name = std::get_if<FieldPath::Field>(&steps[at]);
  const FieldDescriptor* field =
      name == nullptr ? nullptr : FieldCalled(message->GetDescriptor(), name->name);
  if (field == nullptr) return;
  const Reflection* reflection = message->GetReflection();
  if (at + 1 == steps.size()) return reflection->ClearField(message, field);
  if (field->is_repeated()) return RemoveInList(message, field, steps, at + 1);
  if (field->message_type() != nullptr && reflection->HasField(*message, field))
    RemoveAt(reflection->MutableMessage(message, field), steps, at + 1);
}

// The highest message around `path`, below spec and metadata, that holds nothing in `kept`; `path`
// itself when there is none.
FieldPath Emptied(const FieldPath& path, const Paths& kept) {
  FieldPath result = path;
  for (FieldPath parent = path.Parent(); parent.steps().size() > 1; parent = parent.Parent()) {
    if (AnyBelow(kept, parent)) break;
    if (std::holds_alternative<FieldPath::Field>(parent.steps().back())) result = parent;
  }
  return result;
}

std::string ConflictText(const std::map<std::string, std::vector<FieldPath>>& by_manager) {
  size_t count = 0;
  for (const auto& [manager, paths] : by_manager) count += paths.size();
  if (count == 1) {
    const auto& [manager, paths] = *by_manager.begin();
    return fmt::format("Apply failed with 1 conflict: conflict with {}: .{}", manager,
                       paths[0].ToString());
  }
  std::string text = fmt::format("Apply failed with {} conflicts:", count);
  for (const auto& [manager, paths] : by_manager) {
    text += fmt::format(" conflicts with {}:\n", manager);
    for (const FieldPath& path : paths) text += fmt::format("- .{}\n", path.ToString());
  }
  text.pop_back();
  return text;
}

}  // namespace

absl::Status CheckConflicts(const ManagedWrite& write, const Message& before,
                            const Message& after) {
  const std::vector<FieldPath> changed = schema::ChangedPaths(before, after);
  std::map<std::string, std::vector<FieldPath>> by_manager;
  schema::Violations violations;
  for (const v1::ManagedFieldsEntry& entry : schema::Meta(before).managed_fields()) {
    if (IsOf(entry, write) || entry.subresource() != write.subresource) continue;
    const Paths owned = PathsOf(entry);
    for (const FieldPath& path : changed) {
      if (!owned.contains(path)) continue;
      by_manager[fmt::format("\"{}\" using reeve/v1", entry.manager())].push_back(path);
      v1::FieldViolation& violation = violations.emplace_back();
      violation.set_field(path.ToString());
      violation.set_object(ToString(schema::KeyOf(before)));
      violation.set_message(fmt::format("is managed by \"{}\"", entry.manager()));
    }
  }
  if (by_manager.empty()) return absl::OkStatus();
  return schema::WithViolations(Aborted("{}", ConflictText(by_manager)), violations);
}

void RemoveDropped(const ManagedWrite& write, const Message& before, const Message& applied,
                   const std::vector<FieldPath>& zeros, Message* after) {
  Paths kept = OwnedBy(false, write, before);
  kept.insert(zeros.begin(), zeros.end());
  for (FieldPath& path : schema::SetPaths(applied)) kept.insert(std::move(path));
  for (const FieldPath& path : OwnedBy(true, write, before)) {
    if (kept.contains(path)) continue;
    const FieldPath place = schema::ByIndex(*after, Emptied(path, kept));
    RemoveAt(schema::MutableInner(after), place.steps(), 0);
  }
}

}  // namespace reeve::apiserver
