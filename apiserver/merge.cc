#include "apiserver/merge.h"

#include <optional>

#include "apiserver/fields.h"
#include "apiserver/object_io.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

const v1::FieldRules& RulesOf(const FieldDescriptor* field) {
  return field->options().GetExtension(v1::rules);
}

// Durations and times are values, not things with fields.
bool IsValue(const FieldDescriptor* field) {
  return field->message_type() == nullptr ||
         field->message_type()->file()->package() == "google.protobuf";
}

// The text of a string or integer field, to compare list items by.
std::string KeyText(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
    return reflection->GetString(message, field);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32)
    return fmt::format("{}", reflection->GetInt32(message, field));
  return fmt::format("{}", reflection->GetInt64(message, field));
}

int FindItem(const Message& parent, const FieldDescriptor* list, const FieldDescriptor* key,
             const std::string& text) {
  const Reflection* reflection = parent.GetReflection();
  for (int i = 0; i < reflection->FieldSize(parent, list); ++i) {
    if (KeyText(reflection->GetRepeatedMessage(parent, list, i), key) == text) return i;
  }
  return -1;
}

// The item of `from`'s list that `step` means.
std::optional<int> IndexOf(const Message& from, const FieldDescriptor* list,
                           const FieldDescriptor* key, const FieldPath::Step& step) {
  if (const auto* index = std::get_if<FieldPath::Index>(&step)) {
    const bool there =
        index->index >= 0 && index->index < from.GetReflection()->FieldSize(from, list);
    return there ? std::optional<int>(index->index) : std::nullopt;
  }
  const auto* by_key = std::get_if<FieldPath::Key>(&step);
  const int found = by_key == nullptr ? -1 : FindItem(from, list, key, by_key->key);
  return found < 0 ? std::nullopt : std::optional<int>(found);
}

void MergeKeyedItem(const Message& from, const FieldDescriptor* list, const FieldDescriptor* key,
                    int index, const MentionTree& tree, Message* to) {
  const Reflection* reflection = from.GetReflection();
  const Message& item = reflection->GetRepeatedMessage(from, list, index);
  const int at = FindItem(*to, list, key, KeyText(item, key));
  Message* target =
      at < 0 ? reflection->AddMessage(to, list) : reflection->MutableRepeatedMessage(to, list, at);
  CopyField(&item, target, key);
  MergeMentioned(item, tree, target);
}

void MergeKeyedList(const Message& from, const FieldDescriptor* list, const MentionTree& tree,
                    Message* to) {
  const FieldDescriptor* key = FieldCalled(list->message_type(), RulesOf(list).merge_key());
  CHECK(key != nullptr, "a merge_key names a field");
  if (tree.children.empty()) {
    const int size = from.GetReflection()->FieldSize(from, list);
    for (int i = 0; i < size; ++i) MergeKeyedItem(from, list, key, i, {}, to);
  }
  for (const auto& [step, below] : tree.children) {
    if (const auto index = IndexOf(from, list, key, step))
      MergeKeyedItem(from, list, key, *index, below, to);
  }
}

// Sets are lists of strings.
void MergeSet(const Message& from, const FieldDescriptor* list, const MentionTree& tree,
              Message* to) {
  const Reflection* reflection = from.GetReflection();
  for (int i = 0; i < reflection->FieldSize(from, list); ++i) {
    if (!tree.children.empty() && !tree.children.contains(FieldPath::Index{i})) continue;
    const std::string value = reflection->GetRepeatedString(from, list, i);
    bool there = false;
    for (int j = 0; j < reflection->FieldSize(*to, list); ++j) {
      there = there || reflection->GetRepeatedString(*to, list, j) == value;
    }
    if (!there) reflection->AddString(to, list, value);
  }
}

void MergeMapEntry(const Message& entry, const FieldDescriptor* map, const FieldDescriptor* key,
                   Message* to) {
  const Reflection* reflection = to->GetReflection();
  const int at = FindItem(*to, map, key, KeyText(entry, key));
  Message* target =
      at < 0 ? reflection->AddMessage(to, map) : reflection->MutableRepeatedMessage(to, map, at);
  target->CopyFrom(entry);
}

void MergeMap(const Message& from, const FieldDescriptor* map, const MentionTree& tree,
              Message* to) {
  const FieldDescriptor* key = map->message_type()->FindFieldByNumber(1);
  const Reflection* reflection = from.GetReflection();
  for (int i = 0; i < reflection->FieldSize(from, map); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(from, map, i);
    if (!tree.children.empty() && !tree.children.contains(FieldPath::Key{KeyText(entry, key)}))
      continue;
    MergeMapEntry(entry, map, key, to);
  }
}

void MergeRepeated(const Message& from, const FieldDescriptor* field, const MentionTree& tree,
                   Message* to) {
  if (field->is_map()) return MergeMap(from, field, tree, to);
  if (!RulesOf(field).merge_key().empty()) return MergeKeyedList(from, field, tree, to);
  if (RulesOf(field).set() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
    return MergeSet(from, field, tree, to);
  CopyField(&from, to, field);
}

void MergeField(const Message& from, const FieldDescriptor* field, const MentionTree& tree,
                Message* to) {
  if (field->is_repeated()) return MergeRepeated(from, field, tree, to);
  if (IsValue(field)) return CopyField(&from, to, field);
  if (!from.GetReflection()->HasField(from, field)) return;
  MergeMentioned(from.GetReflection()->GetMessage(from, field), tree,
                 to->GetReflection()->MutableMessage(to, field));
}

void AddPath(const FieldPath& path, MentionTree* root) {
  MentionTree* at = root;
  for (const FieldPath::Step& step : path.steps()) at = &at->children[step];
}

void CollectZeros(const FieldPath& path, const Message& from, const MentionTree& tree,
                  std::vector<FieldPath>* zeros);

void CollectZerosOfList(const FieldPath& path, const Message& from, const FieldDescriptor* list,
                        const MentionTree& tree, std::vector<FieldPath>* zeros) {
  const Reflection* reflection = from.GetReflection();
  const v1::FieldRules& rules = RulesOf(list);
  if (rules.merge_key().empty()) {
    if (!rules.set() && reflection->FieldSize(from, list) == 0) zeros->push_back(path);
    return;
  }
  const FieldDescriptor* key = FieldCalled(list->message_type(), rules.merge_key());
  for (const auto& [step, below] : tree.children) {
    const auto index = IndexOf(from, list, key, step);
    if (!index) continue;
    const Message& item = reflection->GetRepeatedMessage(from, list, *index);
    CollectZeros(path.AtKey(KeyText(item, key)), item, below, zeros);
  }
}

void CollectZeros(const FieldPath& path, const Message& from, const MentionTree& tree,
                  std::vector<FieldPath>* zeros) {
  const Reflection* reflection = from.GetReflection();
  for (const auto& [step, below] : tree.children) {
    const auto* name = std::get_if<FieldPath::Field>(&step);
    const FieldDescriptor* field =
        name == nullptr ? nullptr : FieldCalled(from.GetDescriptor(), name->name);
    if (field == nullptr || field->is_map()) continue;  // Entries of maps are there or not.
    const FieldPath at = path.Child(field->json_name());
    if (field->is_repeated()) {
      CollectZerosOfList(at, from, field, below, zeros);
    } else if (!field->has_presence()) {
      if (!reflection->HasField(from, field)) zeros->push_back(at);
    } else if (!IsValue(field) && reflection->HasField(from, field)) {
      CollectZeros(at, reflection->GetMessage(from, field), below, zeros);
    }
  }
}

}  // namespace

absl::StatusOr<MentionTree> ParseMentions(const std::vector<std::string>& paths) {
  if (paths.size() > static_cast<size_t>(kMentionedPathsMax))
    return InvalidArgument("mentioned: {} paths, more than the {} allowed", paths.size(),
                           kMentionedPathsMax);
  MentionTree root;
  for (const std::string& text : paths) {
    if (text.size() > kStringBytesMax)
      return InvalidArgument("mentioned: a path of more than {} bytes", kStringBytesMax);
    ASSIGN_OR_RETURN(const FieldPath path, FieldPath::Parse(text));
    if (path.steps().size() > static_cast<size_t>(kMentionedStepsMax))
      return InvalidArgument("mentioned: a path of more than {} steps", kMentionedStepsMax);
    AddPath(path, &root);
  }
  return root;
}

MentionTree MentionOf(const FieldPath& path) {
  MentionTree root;
  AddPath(path, &root);
  return root;
}

std::vector<FieldPath> MentionedZeros(const Message& from, const MentionTree& tree) {
  std::vector<FieldPath> zeros;
  CollectZeros(FieldPath(), from, tree, &zeros);
  return zeros;
}

void MergeMentioned(const Message& from, const MentionTree& tree, Message* to) {
  if (tree.children.empty()) {
    std::vector<const FieldDescriptor*> set;
    from.GetReflection()->ListFields(from, &set);
    for (const FieldDescriptor* field : set) MergeField(from, field, {}, to);
    return;
  }
  for (const auto& [step, below] : tree.children) {
    const auto* name = std::get_if<FieldPath::Field>(&step);
    const FieldDescriptor* field =
        name == nullptr ? nullptr : FieldCalled(from.GetDescriptor(), name->name);
    if (field != nullptr) MergeField(from, field, below, to);
  }
}

}  // namespace reeve::apiserver
