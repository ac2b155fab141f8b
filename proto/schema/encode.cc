#include "proto/schema/encode.h"

#include <algorithm>
#include <array>

#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using Type = Node::Type;

Node ScalarNode(Type type, std::string_view text) {
  return {.type = type, .text = std::string(text)};
}

std::string Hidden(const std::string& value, Secrets* secrets) {
  return secrets == nullptr ? std::string(kRedacted) : secrets->Hide(value);
}

Node FieldNode(const Message& message, const FieldDescriptor* field, int index, Secrets* secrets) {
  if (IsSubmessage(field)) {
    const google::protobuf::Reflection* r = message.GetReflection();
    return EncodeMessage(
        index < 0 ? r->GetMessage(message, field) : r->GetRepeatedMessage(message, field, index),
        secrets);
  }
  const std::string text = ScalarText(message, field, index);
  if (RulesOf(field).sensitive()) return ScalarNode(Type::kString, Hidden(text, secrets));
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
      return ScalarNode(Type::kNumber, text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return ScalarNode(Type::kBool, text);
    default:
      return ScalarNode(Type::kString, text);
  }
}

Node MapNode(const Message& message, const FieldDescriptor* field, Secrets* secrets) {
  const bool text =
      field->message_type()->map_value()->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  Node node = {.type = Type::kMap};
  for (const auto& [key, value] : MapItems(message, field)) {
    const bool redacted = RulesOf(field).sensitive();
    node.entries.push_back({.key = key,
                            .value = ScalarNode(text || redacted ? Type::kString : Type::kNumber,
                                                redacted ? Hidden(value, secrets) : value)});
  }
  return node;
}

Node ListNode(const Message& message, const FieldDescriptor* field, Secrets* secrets) {
  Node node = {.type = Type::kList};
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    node.items.push_back(FieldNode(message, field, i, secrets));
  }
  return node;
}

// Whether a field appears. An enum whose zero value means something (a condition that is Unknown)
// always does.
bool Appears(const Message& message, const FieldDescriptor* field) {
  if (IsSet(message, field)) return true;
  return field->enum_type() != nullptr && !field->is_repeated() && !field->has_presence() &&
         !IsUnspecified(field->enum_type()->FindValueByNumber(0));
}

// Metadata in the order in which people look for it; its declaration has the server's fields
// between.
int Rank(const FieldDescriptor* field) {
  constexpr std::array kFirst = {
      v1::ObjectMeta::kNameFieldNumber, v1::ObjectMeta::kNamespaceFieldNumber,
      v1::ObjectMeta::kLabelsFieldNumber, v1::ObjectMeta::kAnnotationsFieldNumber};
  if (field->containing_type() != v1::ObjectMeta::descriptor()) return field->index();
  const auto found = std::find(kFirst.begin(), kFirst.end(), field->number());
  return static_cast<int>(found - kFirst.begin()) + (found == kFirst.end() ? field->index() : 0);
}

void AddHead(Node* node, std::string_view version, std::string_view kind) {
  node->entries.insert(node->entries.begin(),
                       {{.key = "apiVersion", .value = ScalarNode(Type::kString, version)},
                        {.key = "kind", .value = ScalarNode(Type::kString, kind)}});
}

}  // namespace

Node EncodeMessage(const Message& message, Secrets* secrets) {
  const Descriptor* type = message.GetDescriptor();
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type->field_count(); ++i) {
    if (Appears(message, type->field(i))) fields.push_back(type->field(i));
  }
  std::sort(fields.begin(), fields.end(),
            [](const auto* a, const auto* b) { return Rank(a) < Rank(b); });
  Node node = {.type = Type::kMap};
  for (const FieldDescriptor* field : fields) {
    Node value = field->is_map()        ? MapNode(message, field, secrets)
                 : field->is_repeated() ? ListNode(message, field, secrets)
                                        : FieldNode(message, field, -1, secrets);
    node.entries.push_back({.key = field->json_name(), .value = std::move(value)});
  }
  return node;
}

Node EncodeObject(const Message& object, Secrets* secrets) {
  const Message& inner = Inner(object);
  Node node = EncodeMessage(inner, secrets);
  AddHead(&node, kApiVersion, inner.GetDescriptor()->name());
  return node;
}

Node EncodeList(const std::vector<v1::Object>& objects) {
  Node items = {.type = Type::kList};
  for (const v1::Object& object : objects) items.items.push_back(EncodeObject(object));
  Node node = {.type = Type::kMap};
  node.entries.push_back({.key = "items", .value = std::move(items)});
  AddHead(&node, "v1", "List");
  return node;
}

}  // namespace reeve::schema
