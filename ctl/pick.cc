#include "ctl/pick.h"

#include <map>
#include <vector>

#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::ctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Paths = std::set<FieldPath>;

bool AnyBelow(const Paths& paths, const FieldPath& prefix) {
  const auto first = paths.lower_bound(prefix);
  return first != paths.end() && first->StartsWith(prefix);
}

void KeepBelow(Message* message, const FieldPath& path, const FieldDescriptor* key,
               const Paths& kept);

std::vector<const FieldDescriptor*> SetFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

// As the path of a leaf names the item.
FieldPath ItemPath(const Message& parent, const FieldDescriptor* list, int i,
                   const FieldPath& path) {
  if (!list->is_map() && !schema::IsSubmessage(list))
    return path.AtKey(schema::ScalarText(parent, list, i));
  const Message& item = parent.GetReflection()->GetRepeatedMessage(parent, list, i);
  const FieldDescriptor* key =
      list->is_map() ? list->message_type()->map_key() : schema::MergeKeyOf(list);
  return key == nullptr ? path.At(i) : path.AtKey(schema::ScalarText(item, key));
}

void KeepItems(Message* parent, const FieldDescriptor* list, const FieldPath& path,
               const Paths& kept) {
  const Reflection* reflection = parent->GetReflection();
  int next = 0;  // Where the next item that stays goes.
  const int size = reflection->FieldSize(*parent, list);
  for (int i = 0; i < size; ++i) {
    const FieldPath item = ItemPath(*parent, list, i, path);
    if (!AnyBelow(kept, item)) continue;
    if (!list->is_map() && schema::IsSubmessage(list)) {
      KeepBelow(reflection->MutableRepeatedMessage(parent, list, i), item, schema::MergeKeyOf(list),
                kept);
    }
    if (next != i) reflection->SwapElements(parent, list, next, i);
    ++next;
  }
  for (int i = next; i < size; ++i) reflection->RemoveLast(parent, list);
}

void KeepBelow(Message* message, const FieldPath& path, const FieldDescriptor* key,
               const Paths& kept) {
  for (const FieldDescriptor* field : SetFields(*message)) {
    const FieldPath below = path.Child(field->json_name());
    if (field == key || kept.contains(below)) continue;
    if (!AnyBelow(kept, below)) {
      message->GetReflection()->ClearField(message, field);
    } else if (field->is_repeated()) {
      KeepItems(message, field, below, kept);
    } else if (schema::IsSubmessage(field)) {
      KeepBelow(message->GetReflection()->MutableMessage(message, field), below, nullptr, kept);
    }
  }
}

bool IsIntent(const FieldDescriptor* field) {
  return field->name() != "metadata" && field->name() != "status";
}

std::map<std::string, std::string> Sorted(
    const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

bool Unknown(const Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) return true;
  for (const FieldDescriptor* field : SetFields(message)) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated() && Unknown(reflection->GetMessage(message, field))) return true;
    for (int i = 0; field->is_repeated() && i < reflection->FieldSize(message, field); ++i) {
      if (Unknown(reflection->GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

}  // namespace

v1::Object Pick(const v1::Object& object, const std::set<FieldPath>& paths) {
  v1::Object picked = object;
  KeepBelow(schema::MutableInner(&picked), FieldPath(), nullptr, paths);
  v1::ObjectMeta* meta = schema::MutableMeta(&picked);
  meta->set_name(schema::Meta(object).name());
  meta->set_namespace_(schema::Meta(object).namespace_());
  return picked;
}

void CopyIntent(const v1::Object& from, v1::Object* to) {
  v1::Object copy = from;
  Message* source = schema::MutableInner(&copy);
  Message* target = schema::MutableInner(to);
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < target->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = target->GetDescriptor()->field(i);
    if (IsIntent(field)) fields.push_back(field);
  }
  target->GetReflection()->SwapFields(source, target, fields);
  *schema::MutableMeta(to)->mutable_labels() = schema::Meta(from).labels();
  *schema::MutableMeta(to)->mutable_annotations() = schema::Meta(from).annotations();
}

bool SameLabels(const v1::Object& a, const v1::Object& b) {
  const v1::ObjectMeta &left = schema::Meta(a), &right = schema::Meta(b);
  return Sorted(left.labels()) == Sorted(right.labels()) &&
         Sorted(left.annotations()) == Sorted(right.annotations());
}

bool SameIntent(const v1::Object& a, const v1::Object& b) {
  return !schema::SpecDiffers(a, b) && SameLabels(a, b);
}

bool HasUnknownFields(const v1::Object& object) { return Unknown(object); }

}  // namespace reeve::ctl
