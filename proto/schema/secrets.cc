#include "proto/schema/secrets.h"

#include <charconv>

#include "base/status.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kBefore = "***hidden-";
constexpr std::string_view kAfter = "***";

}  // namespace

std::string Secrets::Hide(std::string_view value) {
  values_.emplace_back(value);
  return fmt::format("{}{}{}", kBefore, values_.size() - 1, kAfter);
}

const std::string* Secrets::Find(std::string_view mark) const {
  if (!mark.starts_with(kBefore) || !mark.ends_with(kAfter)) return nullptr;
  size_t index = 0;
  const char* end = mark.data() + mark.size() - kAfter.size();
  const auto parsed = std::from_chars(mark.data() + kBefore.size(), end, index);
  const bool known = parsed.ec == std::errc() && parsed.ptr == end && index < values_.size();
  return known ? &values_[index] : nullptr;
}

absl::Status Secrets::Restore(Message* object) const {
  return values_.empty() ? absl::OkStatus() : RestoreBelow(object, false);
}

absl::Status Secrets::RestoreBelow(Message* message, bool sensitive) const {
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool hidden = sensitive || RulesOf(field).sensitive();
    const int size =
        field->is_repeated() ? message->GetReflection()->FieldSize(*message, field) : 1;
    for (int i = 0; i < size; ++i)
      RETURN_IF_ERROR(RestoreField(message, field, field->is_repeated() ? i : -1, hidden));
  }
  return absl::OkStatus();
}

absl::Status Secrets::RestoreField(Message* message, const FieldDescriptor* field, int index,
                                   bool sensitive) const {
  const google::protobuf::Reflection* r = message->GetReflection();
  if (field->message_type() != nullptr) {
    const bool entry = field->is_map() && sensitive;
    return RestoreBelow(index < 0 ? r->MutableMessage(message, field)
                                  : r->MutableRepeatedMessage(message, field, index),
                        entry);
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return absl::OkStatus();
  const std::string* value = Find(index < 0 ? r->GetString(*message, field)
                                            : r->GetRepeatedString(*message, field, index));
  if (value == nullptr) return absl::OkStatus();
  if (!sensitive)
    return InvalidArgument("{}: what is hidden cannot be put where it shows", field->json_name());
  index < 0 ? r->SetString(message, field, *value)
            : r->SetRepeatedString(message, field, index, *value);
  return absl::OkStatus();
}

}  // namespace reeve::schema
