#include "base/status.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

constexpr std::string_view kEmptyMessage = "{}";

void SetDefault(Message* message, const FieldDescriptor* field) {
  const std::string& text = RulesOf(field).default_value();
  if (text.empty() || IsSet(*message, field)) return;
  if (IsSubmessage(field) && text == kEmptyMessage) {
    message->GetReflection()->MutableMessage(message, field);
    return;
  }
  CHECK(ParseScalar(message, field, text),
        field->full_name() + ": default_value is no value of it");
}

void Fill(Message* message);

void FillBelow(Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  if (!field->is_repeated()) {
    if (reflection->HasField(*message, field)) Fill(reflection->MutableMessage(message, field));
    return;
  }
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    Fill(reflection->MutableRepeatedMessage(message, field, i));
  }
}

void Fill(Message* message) {
  const Descriptor* type = message->GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    SetDefault(message, type->field(i));
    if (IsSubmessage(type->field(i))) FillBelow(message, type->field(i));
  }
}

}  // namespace

void ApplyDefaults(Message* object) {
  Message* inner = MutableInner(object);
  const FieldDescriptor* spec = FindField(inner->GetDescriptor(), "spec");
  if (spec != nullptr) inner->GetReflection()->MutableMessage(inner, spec);
  Fill(inner);
}

}  // namespace reeve::schema
