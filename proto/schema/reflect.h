// What the rest of this folder asks of descriptors: rules, names, presence. Internal to
// proto/schema.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "reeve/v1/options.pb.h"

namespace reeve::schema {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const v1::FieldRules& RulesOf(const FieldDescriptor* field);

// The message field that holds an Object's kind: the fields of its one oneof.
const google::protobuf::OneofDescriptor* KindOneof(const Descriptor* object);

bool IsInteger(const FieldDescriptor* field);
bool IsDuration(const FieldDescriptor* field);
bool IsTimestamp(const FieldDescriptor* field);
// A message with fields of its own: no map, Duration or Timestamp, which the dialect writes as
// scalars and mappings.
bool IsSubmessage(const FieldDescriptor* field);

// The field called `name` in camelCase or snake_case; nullptr when there is none.
const FieldDescriptor* FindField(const Descriptor* message, std::string_view name);
// In the dialect's spelling.
std::vector<std::string> FieldNames(const Descriptor* message);

// Whether the field holds something: present, not empty, not zero.
bool IsSet(const Message& message, const FieldDescriptor* field);

// The enum's zero value, when it means "not given".
bool IsUnspecified(const google::protobuf::EnumValueDescriptor* value);
// The names that people may write.
std::vector<std::string> EnumNames(const EnumDescriptor* type);

// The key field of a list of messages with a merge_key; nullptr for other fields.
const FieldDescriptor* MergeKeyOf(const FieldDescriptor* field);

// The items of a map<string, string>, sorted by key.
std::vector<std::pair<std::string, std::string>> MapItems(const Message& message,
                                                          const FieldDescriptor* field);

}  // namespace reeve::schema
