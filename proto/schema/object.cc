#include "proto/schema/object.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "base/status.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

const FieldDescriptor* KindField(const Message& object) {
  return object.GetReflection()->GetOneofFieldDescriptor(object, KindOneof(object.GetDescriptor()));
}

// The message in field `name` of what `object` holds; nullptr when the kind has no such field or it
// is unset.
const Message* Part(const Message& object, std::string_view name) {
  const Message& inner = Inner(object);
  const FieldDescriptor* field = FindField(inner.GetDescriptor(), name);
  if (field == nullptr || !inner.GetReflection()->HasField(inner, field)) return nullptr;
  return &inner.GetReflection()->GetMessage(inner, field);
}

// An unset part equals an empty one.
std::string PartBytes(const Message& object, std::string_view name) {
  const Message* part = Part(object, name);
  return part == nullptr ? "" : Encode(*part);
}

void Visit(const FieldPath& path, const Message& message, const FieldVisitor& visit) {
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const FieldPath at = path.Child(field->json_name());
    visit(at, message, field);
    if (!IsSubmessage(field)) continue;
    if (!field->is_repeated()) {
      Visit(at, reflection->GetMessage(message, field), visit);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      Visit(at.At(i), reflection->GetRepeatedMessage(message, field, i), visit);
    }
  }
}

}  // namespace

const Kind* KindOf(const Message& object, const KindRegistry& registry) {
  const FieldDescriptor* field = KindField(object);
  return field == nullptr ? nullptr : registry.FindById(field->number());
}

const Message& Inner(const Message& object) {
  const FieldDescriptor* field = KindField(object);
  CHECK(field != nullptr, "an Object without a kind");
  return object.GetReflection()->GetMessage(object, field);
}

Message* MutableInner(Message* object) {
  const FieldDescriptor* field = KindField(*object);
  CHECK(field != nullptr, "an Object without a kind");
  return object->GetReflection()->MutableMessage(object, field);
}

const v1::ObjectMeta& Meta(const Message& object) {
  const Message& inner = Inner(object);
  const FieldDescriptor* field = inner.GetDescriptor()->FindFieldByNumber(1);
  return static_cast<const v1::ObjectMeta&>(inner.GetReflection()->GetMessage(inner, field));
}

v1::ObjectMeta* MutableMeta(Message* object) {
  Message* inner = MutableInner(object);
  const FieldDescriptor* field = inner->GetDescriptor()->FindFieldByNumber(1);
  return static_cast<v1::ObjectMeta*>(inner->GetReflection()->MutableMessage(inner, field));
}

ObjectKey KeyOf(const Message& object) {
  const v1::ObjectMeta& meta = Meta(object);
  return {
      .kind = Inner(object).GetDescriptor()->name(), .ns = meta.namespace_(), .name = meta.name()};
}

v1::Object NewObject(const Kind& kind) {
  CHECK(kind.field->containing_type() == v1::Object::descriptor(),
        kind.name + " is no kind of v1.Object");
  v1::Object object;
  object.GetReflection()->MutableMessage(&object, kind.field);
  return object;
}

const google::protobuf::RepeatedPtrField<v1::Condition>* Conditions(const Message& object) {
  const FieldDescriptor* status_field = FindField(Inner(object).GetDescriptor(), "status");
  if (status_field == nullptr) return nullptr;
  const FieldDescriptor* field = FindField(status_field->message_type(), "conditions");
  if (field == nullptr || field->message_type() != v1::Condition::descriptor()) return nullptr;
  const Message& status = Inner(object).GetReflection()->GetMessage(Inner(object), status_field);
  // Deprecated for a type that gives copies only.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  return &status.GetReflection()->GetRepeatedPtrField<v1::Condition>(status, field);
#pragma GCC diagnostic pop
}

std::string Phase(const Message& object) {
  const Message* status = Part(object, "status");
  if (status == nullptr) return "";
  const FieldDescriptor* field = FindField(status->GetDescriptor(), "phase");
  if (field == nullptr || field->enum_type() == nullptr) return "";
  return ScalarText(*status, field);
}

std::string Encode(const Message& object) {
  std::string bytes;
  bytes.reserve(object.ByteSizeLong());
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  CHECK(object.SerializeToCodedStream(&coded), "an object of more than 2 GiB");
  coded.Trim();
  return bytes;
}

bool SpecDiffers(const Message& a, const Message& b) {
  const Descriptor* kind = Inner(a).GetDescriptor();
  CHECK(kind == Inner(b).GetDescriptor(), "SpecDiffers of two kinds");
  for (int i = 0; i < kind->field_count(); ++i) {
    const std::string& name = kind->field(i)->name();
    if (name == "metadata" || name == "status") continue;
    if (PartBytes(a, name) != PartBytes(b, name)) return true;
  }
  return false;
}

bool StatusDiffers(const Message& a, const Message& b) {
  return PartBytes(a, "status") != PartBytes(b, "status");
}

void VisitFields(const Message& object, const FieldVisitor& visit) {
  if (KindField(object) != nullptr) Visit(FieldPath(), Inner(object), visit);
}

}  // namespace reeve::schema
