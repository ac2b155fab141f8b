#include "apiserver/object_io.h"

#include <charconv>

#include "base/status.h"

namespace reeve::apiserver {

using google::protobuf::FieldDescriptor;

ObjectPtr NewMessage(const schema::KindRegistry& kinds) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(kinds.object());
  return ObjectPtr(prototype->New());
}

ObjectPtr CloneObject(const Message& object) {
  ObjectPtr copy(object.New());
  copy->CopyFrom(object);
  return copy;
}

std::string EncodeForStore(const Message& object) {
  if (schema::Meta(object).resource_version().empty()) return schema::Encode(object);
  const ObjectPtr copy = CloneObject(object);
  schema::MutableMeta(copy.get())->clear_resource_version();
  return schema::Encode(*copy);
}

absl::StatusOr<ObjectPtr> DecodeFromStore(const schema::KindRegistry& kinds,
                                          const store::Version& version) {
  ObjectPtr object = NewMessage(kinds);
  if (!object->ParseFromString(version.value) || schema::KindOf(*object, kinds) == nullptr) {
    return DataLoss("the store holds no object at revision {}", version.modified);
  }
  SetResourceVersion(object.get(), version.modified);
  return object;
}

void SetResourceVersion(Message* object, Revision revision) {
  schema::MutableMeta(object)->set_resource_version(fmt::format("{}", revision));
}

Revision RevisionOf(const Message& object) {
  const std::string& text = schema::Meta(object).resource_version();
  Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  return error == std::errc() && end == text.data() + text.size() ? revision : 0;
}

const FieldDescriptor* FieldByName(const Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

void CopyFields(const Message* from, Message* to,
                const std::vector<const FieldDescriptor*>& fields) {
  for (const FieldDescriptor* field : fields) to->GetReflection()->ClearField(to, field);
  if (from == nullptr) return;
  const std::unique_ptr<Message> copy(from->New());
  copy->CopyFrom(*from);
  to->GetReflection()->SwapFields(copy.get(), to, fields);
}

void CopyField(const Message* from, Message* to, const FieldDescriptor* field) {
  const bool single = !field->is_repeated() && field->message_type() != nullptr;
  if (from == nullptr || !single) return CopyFields(from, to, {field});
  to->GetReflection()->ClearField(to, field);
  if (!from->GetReflection()->HasField(*from, field)) return;
  to->GetReflection()->MutableMessage(to, field)->CopyFrom(
      from->GetReflection()->GetMessage(*from, field));
}

void CopyPart(const Message* from_object, Message* to_object, std::string_view name) {
  Message* to = schema::MutableInner(to_object);
  const FieldDescriptor* field = FieldByName(*to, name);
  if (field == nullptr) return;
  CopyField(from_object == nullptr ? nullptr : &schema::Inner(*from_object), to, field);
}

bool SameContent(const Message& a, const Message& b) {
  const ObjectPtr left = CloneObject(a);
  const ObjectPtr right = CloneObject(b);
  for (Message* object : {left.get(), right.get()}) {
    schema::MutableMeta(object)->clear_managed_fields();
    schema::MutableMeta(object)->clear_resource_version();
  }
  return schema::Encode(*left) == schema::Encode(*right);
}

bool OnlyStatusDiffers(const Message& before, const Message& after) {
  const ObjectPtr with_status = CloneObject(before);
  CopyPart(&after, with_status.get(), "status");
  return SameContent(*with_status, after);
}

absl::Status NotFoundError(const schema::Kind& kind, std::string_view name) {
  return NotFound("{} \"{}\" not found", kind.plural, name);
}

absl::Status ExistsError(const schema::Kind& kind, std::string_view name) {
  return AlreadyExists("{} \"{}\" already exists", kind.plural, name);
}

absl::Status ModifiedError(const schema::Kind& kind, std::string_view name) {
  return Aborted(
      "Operation cannot be fulfilled on {} \"{}\": the object has been modified; please apply your "
      "changes to the latest "
      "version and try again",
      kind.plural, name);
}

}  // namespace reeve::apiserver
