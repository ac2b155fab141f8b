// Small reflection on the inside of an object: integers by a dotted path ("spec.process.userId",
// "spec.process.user_id").
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::apiserver {

using google::protobuf::Message;

// `object` is an Object; paths begin at its inner message. The last step is an int32 or int64
// (CHECKed). Whether every message on the way to the last step is there.
bool HasParent(const Message& object, std::string_view path);
int64_t GetInt(const Message& object, std::string_view path);
// REQUIRES: HasParent.
void SetInt(Message* object, std::string_view path, int64_t value);

// The field of `descriptor` that people call `name`: camelCase or snake_case. nullptr if it has
// none.
const google::protobuf::FieldDescriptor* FieldCalled(const google::protobuf::Descriptor* descriptor,
                                                     std::string_view name);

// Dotted camelCase paths of every field of `kind` that the schema marks indexed, outside of lists.
std::vector<std::string> IndexedFields(const google::protobuf::Descriptor* kind);

}  // namespace reeve::apiserver
