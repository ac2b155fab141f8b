#include "base/field_path.h"
#include "base/status.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::schema {
namespace {

using google::protobuf::Reflection;

constexpr std::string_view kAll = "*";  // How "[]" is written while the path is parsed.

std::string WithStars(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c == ']' && text.ends_with('[')) text += kAll;
    text += c;
  }
  return text;
}

// Walks a path through one object and collects what it leads to.
class Collector {
 public:
  explicit Collector(const FieldPath& path) : steps_(path.steps()) {}

  void Walk(const Message& message, size_t at) {
    const auto* step = at < steps_.size() ? std::get_if<FieldPath::Field>(&steps_[at]) : nullptr;
    if (step == nullptr) return;
    const FieldDescriptor* field = FindField(message.GetDescriptor(), step->name);
    if (field == nullptr) return;
    if (field->is_map()) return FromMap(message, field, at + 1);
    if (field->is_repeated()) return FromList(message, field, at + 1);
    FromField(message, field, at + 1);
  }

  std::vector<std::string> values;

 private:
  bool IsKey(size_t at, std::string_view key) const {
    const auto* step = at < steps_.size() ? std::get_if<FieldPath::Key>(&steps_[at]) : nullptr;
    return step != nullptr && step->key == key;
  }

  void FromMap(const Message& message, const FieldDescriptor* field, size_t at) {
    for (const auto& [key, value] : MapItems(message, field)) {
      if (at == steps_.size() || IsKey(at, key) || IsKey(at, kAll)) Add(field, value);
    }
  }

  void FromField(const Message& message, const FieldDescriptor* field, size_t at) {
    if (IsSubmessage(field)) {
      if (IsSet(message, field)) Walk(message.GetReflection()->GetMessage(message, field), at);
      return;
    }
    if (at == steps_.size() && (IsSet(message, field) || field->enum_type() != nullptr)) {
      Add(field, ScalarText(message, field));
    }
  }

  // Whether step `at` selects item `i`; without such a step all are.
  bool Selects(const Message& message, const FieldDescriptor* field, int i, size_t at) const {
    if (!TakesStep(at) || IsKey(at, kAll)) return true;
    if (const auto* index = std::get_if<FieldPath::Index>(&steps_[at])) return index->index == i;
    if (!IsSubmessage(field)) return IsKey(at, ScalarText(message, field, i));
    const FieldDescriptor* key = MergeKeyOf(field);
    const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
    return key != nullptr && IsKey(at, ScalarText(item, key));
  }

  bool TakesStep(size_t at) const {
    return at < steps_.size() && !std::holds_alternative<FieldPath::Field>(steps_[at]);
  }

  void FromList(const Message& message, const FieldDescriptor* field, size_t at) {
    const Reflection* reflection = message.GetReflection();
    const size_t next = at + (TakesStep(at) ? 1 : 0);
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (!Selects(message, field, i, at)) continue;
      if (IsSubmessage(field)) {
        Walk(reflection->GetRepeatedMessage(message, field, i), next);
      } else if (next == steps_.size()) {
        Add(field, ScalarText(message, field, i));
      }
    }
  }

  void Add(const FieldDescriptor* field, const std::string& value) {
    if (RulesOf(field).sensitive()) {
      values.emplace_back(kRedacted);
    } else if (!value.empty() || field->is_repeated()) {
      values.push_back(value);
    }
  }

  const std::vector<FieldPath::Step>& steps_;
};

}  // namespace

std::vector<std::string> ValuesAt(const Message& object, std::string_view path) {
  const absl::StatusOr<FieldPath> parsed = FieldPath::Parse(WithStars(path));
  CHECK(parsed.ok(), "ValuesAt: " + std::string(path) + " is not a field path");
  Collector collector(*parsed);
  collector.Walk(Inner(object), 0);
  return std::move(collector.values);
}

std::string ValueAt(const Message& object, std::string_view path) {
  const std::vector<std::string> values = ValuesAt(object, path);
  return values.size() == 1 ? values[0] : "";
}

}  // namespace reeve::schema
