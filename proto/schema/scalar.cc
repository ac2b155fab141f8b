#include "proto/schema/scalar.h"

#include <absl/time/time.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

constexpr int64_t kNanosPerSecond = 1'000'000'000;

struct Unit {
  std::string_view name;
  int64_t nanos;
};
constexpr std::array kUnits = {Unit{"h", 3600 * kNanosPerSecond},
                               Unit{"m", 60 * kNanosPerSecond},
                               Unit{"s", kNanosPerSecond},
                               Unit{"ms", 1'000'000},
                               Unit{"us", 1'000},
                               Unit{"ns", 1}};
constexpr size_t kFirstPrintedUnit =
    2;  // 90s rather than 1m30s: one number reads faster, and sorts.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <typename T>
std::optional<T> ParseDecimal(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || !IsDigit(digits[0])) return std::nullopt;
  if (digits[0] == '0' && text.size() > 1) return std::nullopt;  // 010, -0.
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes "<digits><unit>" from the front; nanoseconds. The unit must come after `*unit` in kUnits.
std::optional<int64_t> TakePart(std::string_view* text, size_t* unit) {
  const size_t digits = text->find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  int64_t count = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + digits, count);
  if (parsed.ec != std::errc()) return std::nullopt;
  text->remove_prefix(digits);
  const std::string_view name = text->substr(0, text->find_first_of("0123456789"));
  text->remove_prefix(name.size());
  for (size_t i = *unit; i < kUnits.size(); ++i) {
    if (kUnits[i].name != name) continue;
    *unit = i + 1;
    if (count > kCenturySeconds * kNanosPerSecond / kUnits[i].nanos) return std::nullopt;
    return count * kUnits[i].nanos;
  }
  return std::nullopt;
}

// "dddd-dd-ddTdd:dd:dd" and what may follow; absl::ParseTime alone would take blanks and
// "infinite-future".
bool LooksLikeTimestamp(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !IsDigit(text[i]) : text[i] != kShape[i]) return false;
  }
  std::string_view rest = text.substr(kShape.size());
  if (rest[0] == '.') {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end < 2 || end > 10) return false;
    rest.remove_prefix(end);
  }
  return rest == "Z" || (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-'));
}

std::string EnumText(const google::protobuf::EnumValueDescriptor* value) {
  return IsUnspecified(value) ? "" : value->name();
}

std::string MessageText(const Message& value, const FieldDescriptor* field) {
  if (IsDuration(field)) {
    return FormatDuration(static_cast<const google::protobuf::Duration&>(value));
  }
  CHECK(IsTimestamp(field), field->full_name() + " is not a scalar");
  return FormatTimestamp(static_cast<const google::protobuf::Timestamp&>(value));
}

std::string RepeatedText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(r->GetRepeatedInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(r->GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(r->GetRepeatedUInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return r->GetRepeatedBool(message, field, index) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(r->GetRepeatedEnum(message, field, index));
    case FieldDescriptor::CPPTYPE_STRING:
      return r->GetRepeatedString(message, field, index);
    default:
      return MessageText(r->GetRepeatedMessage(message, field, index), field);
  }
}

std::string SingularText(const Message& message, const FieldDescriptor* field) {
  const Reflection* r = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(r->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(r->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(r->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return r->GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumText(r->GetEnum(message, field));
    case FieldDescriptor::CPPTYPE_STRING:
      return r->GetString(message, field);
    default:
      return MessageText(r->GetMessage(message, field), field);
  }
}

// Calls `set(value)` when there is one.
template <typename T, typename Set>
bool Assign(const std::optional<T>& value, Set set) {
  if (value) set(*value);
  return value.has_value();
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool ParseEnum(Message* message, const FieldDescriptor* field, std::string_view text) {
  const auto* value = field->enum_type()->FindValueByName(std::string(text));
  if (value == nullptr || IsUnspecified(value)) return false;
  const Reflection* r = message->GetReflection();
  field->is_repeated() ? r->AddEnum(message, field, value) : r->SetEnum(message, field, value);
  return true;
}

template <typename T>
bool ParseMessage(Message* message, const FieldDescriptor* field, const std::optional<T>& value) {
  const Reflection* r = message->GetReflection();
  return Assign(value, [&](const T& parsed) {
    Message* slot =
        field->is_repeated() ? r->AddMessage(message, field) : r->MutableMessage(message, field);
    static_cast<T*>(slot)->CopyFrom(parsed);
  });
}

}  // namespace

std::string FormatDuration(const google::protobuf::Duration& duration) {
  const int64_t seconds = duration.seconds();
  const int64_t nanos = duration.nanos();
  if (nanos == 0) return fmt::format("{}s", seconds);
  const __int128 total = static_cast<__int128>(seconds) * kNanosPerSecond + nanos;
  size_t unit = kFirstPrintedUnit;
  while (nanos % kUnits[unit].nanos != 0) ++unit;
  return fmt::format("{}{}", static_cast<int64_t>(total / kUnits[unit].nanos), kUnits[unit].name);
}

std::optional<google::protobuf::Duration> ParseDuration(std::string_view text) {
  int64_t total = 0;
  size_t unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::optional<int64_t> part = TakePart(&text, &unit);
    if (!part || *part > kCenturySeconds * kNanosPerSecond - total) return std::nullopt;
    total += *part;
  }
  google::protobuf::Duration duration;
  duration.set_seconds(total / kNanosPerSecond);
  duration.set_nanos(static_cast<int32_t>(total % kNanosPerSecond));
  return duration;
}

std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp) {
  const absl::Time time =
      absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

std::optional<google::protobuf::Timestamp> ParseTimestamp(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!LooksLikeTimestamp(text)) return std::nullopt;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) return std::nullopt;
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(time));
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(timestamp.seconds()))));
  return timestamp;
}

std::string ScalarText(const Message& message, const FieldDescriptor* field, int index) {
  return index < 0 ? SingularText(message, field) : RepeatedText(message, field, index);
}

std::string ExpectedScalar(const FieldDescriptor* field) {
  if (IsDuration(field)) return "must be a duration such as 90s, 1m30s or 500ms";
  if (IsTimestamp(field)) return "must be an RFC 3339 time such as 2026-01-31T12:00:00Z";
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "must be true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "must be one of " + Join(EnumNames(field->enum_type()), ", ");
    case FieldDescriptor::CPPTYPE_STRING:
      return "must be a string";
    default:
      return "must be a decimal integer";
  }
}

bool ParseScalar(Message* message, const FieldDescriptor* field, std::string_view text) {
  const Reflection* r = message->GetReflection();
  const bool add = field->is_repeated();
  if (IsDuration(field)) return ParseMessage(message, field, ParseDuration(text));
  if (IsTimestamp(field)) return ParseMessage(message, field, ParseTimestamp(text));
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Assign(ParseDecimal<int32_t>(text), [&](int32_t v) {
        add ? r->AddInt32(message, field, v) : r->SetInt32(message, field, v);
      });
    case FieldDescriptor::CPPTYPE_INT64:
      return Assign(ParseDecimal<int64_t>(text), [&](int64_t v) {
        add ? r->AddInt64(message, field, v) : r->SetInt64(message, field, v);
      });
    case FieldDescriptor::CPPTYPE_UINT32:
      return Assign(ParseDecimal<uint32_t>(text), [&](uint32_t v) {
        add ? r->AddUInt32(message, field, v) : r->SetUInt32(message, field, v);
      });
    case FieldDescriptor::CPPTYPE_BOOL:
      return Assign(ParseBool(text), [&](bool v) {
        add ? r->AddBool(message, field, v) : r->SetBool(message, field, v);
      });
    case FieldDescriptor::CPPTYPE_ENUM:
      return ParseEnum(message, field, text);
    default:
      add ? r->AddString(message, field, std::string(text))
          : r->SetString(message, field, std::string(text));
      return true;
  }
}

}  // namespace reeve::schema
