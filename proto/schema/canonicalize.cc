#include "proto/schema/formats.h"
#include "proto/schema/reflect.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

void CanonicalizeString(Message* message, const FieldDescriptor* field) {
  const v1::Format format = RulesOf(field).format();
  if (!HasCanonicalForm(format)) return;
  const Reflection* r = message->GetReflection();
  if (!field->is_repeated()) {
    const std::string value = r->GetString(*message, field);
    if (!value.empty()) r->SetString(message, field, CanonicalForm(format, value));
    return;
  }
  for (int i = 0; i < r->FieldSize(*message, field); ++i) {
    r->SetRepeatedString(message, field, i,
                         CanonicalForm(format, r->GetRepeatedString(*message, field, i)));
  }
}

void CanonicalizeMessage(Message* message) {
  const Reflection* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      CanonicalizeString(message, field);
    } else if (IsSubmessage(field) && !field->is_repeated()) {
      CanonicalizeMessage(reflection->MutableMessage(message, field));
    } else if (IsSubmessage(field)) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        CanonicalizeMessage(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

}  // namespace

void Canonicalize(Message* object) {
  Message* inner = MutableInner(object);
  CanonicalizeMessage(inner);
  const v1::KindOptions& options = inner->GetDescriptor()->options().GetExtension(v1::kind);
  v1::ObjectMeta* meta = MutableMeta(object);
  if (options.name_grammar() == v1::HOSTNAME)
    meta->set_name(CanonicalForm(v1::HOST_NAME, meta->name()));
}

}  // namespace reeve::schema
