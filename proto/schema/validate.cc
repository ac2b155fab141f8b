#include "proto/schema/validate.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <map>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/formats.h"
#include "proto/schema/path_link.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

constexpr uint32_t kMapItemsMax = 1000;
// Seconds since 1970 of what RFC 3339 can write: what lies outside has no text in the dialect.
constexpr int64_t kYear1 = -62'135'596'800;
constexpr int64_t kYear10000 = 253'402'300'800;

std::string AtMost(std::string_view what, size_t max, size_t is) {
  return fmt::format("must have at most {} {}, has {}", max, what, is);
}

int64_t IntegerAt(const Message& message, const FieldDescriptor* field) {
  const Reflection* r = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r->GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return r->GetInt64(message, field);
    default:
      return r->GetUInt32(message, field);
  }
}

// Checks one object and collects what is wrong.
class Checker {
 public:
  Violations violations;

  void CheckMessage(const PathLink& path, const Message& message) {
    CheckKnown(path, message);
    const Descriptor* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      CheckField(path.Child(type->field(i)->json_name()), message, type->field(i));
    }
  }

  void CheckKnown(const PathLink& path, const Message& message) {
    if (message.GetReflection()->GetUnknownFields(message).empty()) return;
    Add(path, "has fields that this version does not know: the sender is newer");
  }

  void CheckMeta(const PathLink& path, const v1::ObjectMeta& meta, const v1::KindOptions& options) {
    const PathLink ns = path.Child("namespace");
    if (!meta.name().empty())
      AddWhy(path.Child("name"), WhyNotName(options.name_grammar(), meta.name()));
    if (options.scope() == v1::CLUSTER) {
      if (!meta.namespace_().empty()) Add(ns, "must be empty: the kind has no namespace");
    } else if (meta.namespace_().empty()) {
      Add(ns, "required");
    } else {
      AddWhy(ns, WhyNotName(v1::DNS_LABEL, meta.namespace_()));
    }
    const PathLink finalizers = path.Child("finalizers");
    for (int i = 0; i < meta.finalizers_size(); ++i) {
      AddWhy(finalizers.At(i), WhyNotFormat(v1::LABEL_KEY, meta.finalizers(i)));
    }
  }

  void Add(const PathLink& path, std::string_view message) {
    v1::FieldViolation& violation = violations.emplace_back();
    violation.set_field(path.ToFieldPath().ToString());
    violation.set_message(std::string(message));
  }

  void AddWhy(const PathLink& path, const std::string& why) {
    if (!why.empty()) Add(path, why);
  }

 private:
  // What must be said about metadata and spec must be said when they are left out too.
  static bool IsObjectPart(const PathLink& path) {
    return path.IsTop("metadata") || path.IsTop("spec");
  }

  void CheckField(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const v1::FieldRules& rules = RulesOf(field);
    const bool set = IsSet(message, field);
    if (rules.required() && !set) return Add(path, "required");
    if (field->is_map()) return CheckMap(path, message, field);
    if (field->is_repeated()) return CheckList(path, message, field);
    if (!set && !IsObjectPart(path)) return;
    if (IsSubmessage(field))
      return CheckMessage(path, message.GetReflection()->GetMessage(message, field));
    if (IsInteger(field)) return CheckRange(path, IntegerAt(message, field), rules, "");
    if (IsDuration(field)) return CheckDuration(path, message, field);
    if (IsTimestamp(field)) return CheckTimestamp(path, message, field);
    if (field->enum_type() != nullptr)
      return CheckEnum(path, field, message.GetReflection()->GetEnumValue(message, field));
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
      CheckString(path, ScalarText(message, field), rules);
  }

  void CheckEnum(const PathLink& path, const FieldDescriptor* field, int number) {
    if (field->enum_type()->FindValueByNumber(number) != nullptr) return;
    Add(path, fmt::format("must be one of {}, is number {}",
                          Join(EnumNames(field->enum_type()), ", "), number));
  }

  void CheckRange(const PathLink& path, int64_t value, const v1::FieldRules& rules,
                  std::string_view unit) {
    if (rules.has_min() && value < rules.min()) {
      Add(path, fmt::format("must be at least {}{}", rules.min(), unit));
    } else if (rules.has_max() && value > rules.max()) {
      Add(path, fmt::format("must be at most {}{}", rules.max(), unit));
    }
  }

  // Whole seconds are compared, so what is over the limit by a fraction counts as the next second.
  void CheckDuration(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const auto& value = static_cast<const google::protobuf::Duration&>(
        message.GetReflection()->GetMessage(message, field));
    const v1::FieldRules& rules = RulesOf(field);
    const bool fraction_over =
        rules.has_max() && value.seconds() == rules.max() && value.nanos() > 0;
    CheckKnown(path, value);
    if (value.seconds() < 0 || value.seconds() > kCenturySeconds || !IsFraction(value.nanos()))
      return Add(path, "must be a duration from 0s to a century");
    CheckRange(path, value.seconds() + (fraction_over ? 1 : 0), rules, "s");
  }

  void CheckTimestamp(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const auto& value = static_cast<const google::protobuf::Timestamp&>(
        message.GetReflection()->GetMessage(message, field));
    CheckKnown(path, value);
    if (value.seconds() < kYear1 || value.seconds() >= kYear10000 || !IsFraction(value.nanos()))
      Add(path, "must be a time in the years 1 to 9999");
  }

  static bool IsFraction(int32_t nanos) { return nanos >= 0 && nanos < 1'000'000'000; }

  void CheckString(const PathLink& path, std::string_view value, const v1::FieldRules& rules) {
    const size_t max = rules.max_length() != 0 ? rules.max_length() : kStringBytesMax;
    if (value.size() > max) return Add(path, AtMost("bytes", max, value.size()));
    if (value.size() < rules.min_length())
      Add(path, fmt::format("must have at least {} bytes", rules.min_length()));
    if (const std::string why = WhyNotText(value); !why.empty()) return Add(path, why);
    if (rules.sensitive() && value == kRedacted)
      return Add(path, fmt::format("\"{}\" stands for a value that is not shown", kRedacted));
    if (const std::string why = WhyNotFormat(rules.format(), value); !why.empty())
      return Add(path, why);
    CheckReference(path, value, rules);
  }

  // Whether the other object exists is the server's question; whether it could, is ours.
  void CheckReference(const PathLink& path, std::string_view value, const v1::FieldRules& rules) {
    const Kind* kind = KindRegistry::Get().FindByName(rules.references());
    if (kind == nullptr) return;
    const std::string why = WhyNotName(kind->options.name_grammar(), value);
    if (!why.empty()) Add(path, fmt::format("is no name of a {}: {}", kind->name, why));
  }

  void CheckMap(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const v1::FieldRules& rules = RulesOf(field);
    const auto items = MapItems(message, field);
    const uint32_t max = rules.max_items() != 0 ? rules.max_items() : kMapItemsMax;
    if (items.size() > max) Add(path, AtMost("entries", max, items.size()));
    v1::FieldRules key_rules, value_rules;
    key_rules.set_format(rules.map_key_format());
    value_rules.set_format(rules.map_value_format());
    const FieldDescriptor* of = field->message_type()->map_value();
    const bool text = of->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    for (const auto& [key, value] : items) {
      const PathLink at = path.AtKey(key);
      CheckString(at, key, key_rules);
      if (text) CheckString(at, value, value_rules);
      if (IsInteger(of)) CheckRange(at, std::stoll(value), rules, "");
    }
  }

  void CheckList(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const v1::FieldRules& rules = RulesOf(field);
    const Reflection* reflection = message.GetReflection();
    const auto size = static_cast<uint32_t>(reflection->FieldSize(message, field));
    const uint32_t max = rules.max_items() != 0 ? rules.max_items() : kListItemsMax;
    if (size < rules.min_items())
      Add(path, fmt::format("must have at least {} items", rules.min_items()));
    if (size > max) return Add(path, AtMost("items", max, size));
    for (int i = 0; i < static_cast<int>(size); ++i) {
      if (IsSubmessage(field)) {
        CheckMessage(path.At(i), reflection->GetRepeatedMessage(message, field, i));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        CheckItem(path.At(i), ScalarText(message, field, i), rules);
      } else if (field->enum_type() != nullptr) {
        CheckEnum(path.At(i), field, reflection->GetRepeatedEnumValue(message, field, i));
      }
    }
    CheckUnique(path, message, field);
  }

  void CheckItem(const PathLink& path, const std::string& value, const v1::FieldRules& rules) {
    if (value.empty() && rules.set()) return Add(path, "may not be empty");
    CheckString(path, value, rules);
  }

  void CheckUnique(const PathLink& path, const Message& message, const FieldDescriptor* field) {
    const FieldDescriptor* key = MergeKeyOf(field);
    if (key == nullptr && !RulesOf(field).set()) return;
    const Reflection* reflection = message.GetReflection();
    std::map<std::string, int> first;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      const PathLink item = path.At(i);
      const PathLink at = key == nullptr ? item : item.Child(key->json_name());
      const std::string value =
          key == nullptr ? ScalarText(message, field, i)
                         : ScalarText(reflection->GetRepeatedMessage(message, field, i), key);
      const auto [found, added] = first.emplace(value, i);
      if (!added) Add(at, fmt::format("is a duplicate of [{}]: \"{}\"", found->second, value));
      if (key != nullptr && value.empty() && !RulesOf(key).required()) Add(at, "required");
    }
  }
};

}  // namespace

Violations Validate(const Message& object) {
  Checker checker;
  const PathLink whole;
  const Reflection* reflection = object.GetReflection();
  if (reflection->GetOneofFieldDescriptor(object, KindOneof(object.GetDescriptor())) == nullptr) {
    checker.Add(whole.Child("kind"), "required");
    return checker.violations;
  }
  const Message& inner = Inner(object);
  if (inner.ByteSizeLong() > kObjectBytesMax) {
    checker.Add(whole, AtMost("bytes", kObjectBytesMax, inner.ByteSizeLong()));
    return checker.violations;
  }
  checker.CheckKnown(whole, object);
  checker.CheckMessage(whole, inner);
  const auto& options = inner.GetDescriptor()->options().GetExtension(v1::kind);
  checker.CheckMeta(whole.Child("metadata"), Meta(object), options);
  return std::move(checker.violations);
}

bool MatchesFormat(v1::Format format, std::string_view value, std::string* why) {
  *why = WhyNotText(value);
  if (why->empty()) *why = WhyNotFormat(format, value);
  return why->empty();
}

}  // namespace reeve::schema
