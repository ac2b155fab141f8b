// Objects to and from the bytes in the store, and the words in which the server speaks about them.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "proto/schema/object.h"
#include "store/store.h"

namespace reeve::apiserver {

using google::protobuf::Message;
using ObjectPtr = std::unique_ptr<Message>;

ObjectPtr NewMessage(const schema::KindRegistry& kinds);
ObjectPtr CloneObject(const Message& object);

// The bytes for the store: resourceVersion is not among them, it is the version's revision.
std::string EncodeForStore(const Message& object);
// DATA_LOSS when they are none of an object.
absl::StatusOr<ObjectPtr> DecodeFromStore(const schema::KindRegistry& kinds,
                                          const store::Version& version);

void SetResourceVersion(Message* object, Revision revision);
// The revision in metadata.resourceVersion; 0 when it is none.
Revision RevisionOf(const Message& object);

// The field `name` of `message` ("status", "spec"), or nullptr if it has none.
const google::protobuf::FieldDescriptor* FieldByName(const Message& message, std::string_view name);
// Makes `to`'s field what `from`'s is; clears it when `from` is null or has it not set. REQUIRES:
// same type.
void CopyField(const Message* from, Message* to, const google::protobuf::FieldDescriptor* field);
void CopyFields(const Message* from, Message* to,
                const std::vector<const google::protobuf::FieldDescriptor*>& fields);
// Likewise for the part of an object that is called `name`; nothing if the kind has no such part.
void CopyPart(const Message* from_object, Message* to_object, std::string_view name);

// True when both are equal but for resourceVersion and managedFields.
bool SameContent(const Message& a, const Message& b);

// True when they are equal but for status, resourceVersion and managedFields.
bool OnlyStatusDiffers(const Message& before, const Message& after);

// kubectl's texts: `sites "blog" not found`.
absl::Status NotFoundError(const schema::Kind& kind, std::string_view name);
absl::Status ExistsError(const schema::Kind& kind, std::string_view name);
absl::Status ModifiedError(const schema::Kind& kind, std::string_view name);

}  // namespace reeve::apiserver
