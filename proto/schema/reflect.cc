#include "proto/schema/reflect.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {

const v1::FieldRules& RulesOf(const FieldDescriptor* field) {
  return field->options().GetExtension(v1::rules);
}

const google::protobuf::OneofDescriptor* KindOneof(const Descriptor* object) {
  CHECK(object->real_oneof_decl_count() == 1, "an Object type has one oneof");
  return object->oneof_decl(0);
}

bool IsInteger(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_INT32 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
}

bool IsDuration(const FieldDescriptor* field) {
  return field->message_type() != nullptr &&
         field->message_type()->well_known_type() == Descriptor::WELLKNOWNTYPE_DURATION;
}

bool IsTimestamp(const FieldDescriptor* field) {
  return field->message_type() != nullptr &&
         field->message_type()->well_known_type() == Descriptor::WELLKNOWNTYPE_TIMESTAMP;
}

bool IsSubmessage(const FieldDescriptor* field) {
  return field->message_type() != nullptr && !field->is_map() && !IsDuration(field) &&
         !IsTimestamp(field);
}

const FieldDescriptor* FindField(const Descriptor* message, std::string_view name) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (field->json_name() == name || field->name() == name) return field;
  }
  return nullptr;
}

std::vector<std::string> FieldNames(const Descriptor* message) {
  std::vector<std::string> names;
  for (int i = 0; i < message->field_count(); ++i) names.push_back(message->field(i)->json_name());
  return names;
}

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) return reflection->FieldSize(message, field) > 0;
  return reflection->HasField(message, field);
}

bool IsUnspecified(const google::protobuf::EnumValueDescriptor* value) {
  return value->number() == 0 && (value->name() == "Unspecified" || value->name() == "UNSPECIFIED");
}

std::vector<std::string> EnumNames(const EnumDescriptor* type) {
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (!IsUnspecified(type->value(i))) names.push_back(type->value(i)->name());
  }
  return names;
}

const FieldDescriptor* MergeKeyOf(const FieldDescriptor* field) {
  const std::string& key = RulesOf(field).merge_key();
  if (key.empty()) return nullptr;
  return FindField(field->message_type(), key);
}

std::vector<std::pair<std::string, std::string>> MapItems(const Message& message,
                                                          const FieldDescriptor* field) {
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  std::vector<std::pair<std::string, std::string>> items;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
    items.emplace_back(item.GetReflection()->GetString(item, key), ScalarText(item, value));
  }
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace reeve::schema
