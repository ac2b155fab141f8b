#include "proto/schema/columns.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "proto/schema/age.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kNone = "<none>";
constexpr std::string_view kUnknown = "<unknown>";

std::string OrNone(std::string text) { return text.empty() ? std::string(kNone) : text; }

// Unset numbers and booleans of a message that is there: 0 and false, not <none>.
std::string TextCell(const Message& object, const std::string& path) {
  if (std::string text = ValueAt(object, path); !text.empty()) return text;
  const Message* message = &Inner(object);
  const std::vector<std::string> steps = Split(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    const FieldDescriptor* field = FindField(message->GetDescriptor(), steps[i]);
    if (field == nullptr || field->is_repeated()) return std::string(kNone);
    if (i + 1 == steps.size()) {
      const bool text =
          field->cpp_type() == field->CPPTYPE_STRING || field->cpp_type() == field->CPPTYPE_MESSAGE;
      return text ? std::string(kNone) : OrNone(ScalarText(*message, field));
    }
    if (!IsSubmessage(field) || !IsSet(*message, field)) return std::string(kNone);
    message = &message->GetReflection()->GetMessage(*message, field);
  }
  return std::string(kNone);
}

std::string AgeCell(const std::string& time_text, absl::Time now) {
  const auto stamp = ParseTimestamp(time_text);
  if (!stamp) return std::string(kUnknown);
  return HumanDuration(
      now - (absl::FromUnixSeconds(stamp->seconds()) + absl::Nanoseconds(stamp->nanos())));
}

std::string ReadyCell(const Message& object, const std::string& path) {
  std::vector<std::string> parts = Split(path, ',');
  for (std::string& part : parts) {
    part = ValueAt(object, part);
    if (part.empty()) part = "0";
  }
  return Join(parts, "/");
}

std::string ConditionCell(const Message& object, const std::string& type) {
  const auto* conditions = Conditions(object);
  if (conditions == nullptr) return std::string(kNone);
  for (const v1::Condition& condition : *conditions) {
    if (condition.type() != type) continue;
    const std::string status = v1::Condition::Status_Name(condition.status());
    const bool plain = condition.status() == v1::Condition::True || condition.reason().empty();
    return plain ? status : fmt::format("{} ({})", status, condition.reason());
  }
  return "Unknown";
}

std::string RefCell(const Message& object, const std::string& path) {
  const std::string kind = ValueAt(object, path + ".kind");
  const std::string name = ValueAt(object, path + ".name");
  return name.empty() ? std::string(kNone) : fmt::format("{}/{}", ToLower(kind), name);
}

}  // namespace

std::string ColumnText(const Message& object, const v1::Column& column, absl::Time now) {
  switch (column.format()) {
    case v1::Column::AGE:
      return AgeCell(ValueAt(object, column.path()), now);
    case v1::Column::READY:
      return ReadyCell(object, column.path());
    case v1::Column::LIST:
      return OrNone(Join(ValuesAt(object, column.path() + "[]"), ","));
    case v1::Column::CONDITION:
      return ConditionCell(object, column.path());
    case v1::Column::REF:
      return RefCell(object, column.path());
    default:
      return TextCell(object, column.path());
  }
}

std::string AgeText(const Message& object, absl::Time now) {
  return AgeCell(ValueAt(object, "metadata.creationTimestamp"), now);
}

}  // namespace reeve::schema
