#include "ctl/columns.h"

#include <fmt/format.h>

#include <map>

#include "base/strings.h"
#include "ctl/age.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kNone = "<none>";
constexpr std::string_view kUnknown = "<unknown>";

std::string OrNone(std::string text) { return text.empty() ? std::string(kNone) : text; }

// Unset numbers and booleans of a message that is there: 0 and false, not <none>.
std::string TextCell(const v1::Object& object, const std::string& path) {
  if (std::string text = schema::ValueAt(object, path); !text.empty()) return text;
  const google::protobuf::Message* message = &schema::Inner(object);
  const std::vector<std::string> steps = Split(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    const google::protobuf::FieldDescriptor* field =
        schema::FindField(message->GetDescriptor(), steps[i]);
    if (field == nullptr || field->is_repeated()) return std::string(kNone);
    if (i + 1 == steps.size()) {
      const bool text =
          field->cpp_type() == field->CPPTYPE_STRING || field->cpp_type() == field->CPPTYPE_MESSAGE;
      return text ? std::string(kNone) : OrNone(schema::ScalarText(*message, field));
    }
    if (!schema::IsSubmessage(field) || !schema::IsSet(*message, field)) return std::string(kNone);
    message = &message->GetReflection()->GetMessage(*message, field);
  }
  return std::string(kNone);
}

std::string AgeCell(const std::string& time_text, absl::Time now) {
  const auto stamp = schema::ParseTimestamp(time_text);
  if (!stamp) return std::string(kUnknown);
  return HumanDuration(
      now - (absl::FromUnixSeconds(stamp->seconds()) + absl::Nanoseconds(stamp->nanos())));
}

std::string ReadyCell(const v1::Object& object, const std::string& path) {
  std::vector<std::string> parts = Split(path, ',');
  for (std::string& part : parts) {
    part = schema::ValueAt(object, part);
    if (part.empty()) part = "0";
  }
  return Join(parts, "/");
}

std::string ConditionCell(const v1::Object& object, const std::string& type) {
  const auto* conditions = schema::Conditions(object);
  if (conditions == nullptr) return std::string(kNone);
  for (const v1::Condition& condition : *conditions) {
    if (condition.type() != type) continue;
    const std::string status = v1::Condition::Status_Name(condition.status());
    const bool plain = condition.status() == v1::Condition::True || condition.reason().empty();
    return plain ? status : fmt::format("{} ({})", status, condition.reason());
  }
  return "Unknown";
}

std::string RefCell(const v1::Object& object, const std::string& path) {
  const std::string kind = schema::ValueAt(object, path + ".kind");
  const std::string name = schema::ValueAt(object, path + ".name");
  return name.empty() ? std::string(kNone) : fmt::format("{}/{}", ToLower(kind), name);
}

std::string Cell(const v1::Object& object, const v1::Column& column, absl::Time now) {
  switch (column.format()) {
    case v1::Column::AGE:
      return AgeCell(schema::ValueAt(object, column.path()), now);
    case v1::Column::READY:
      return ReadyCell(object, column.path());
    case v1::Column::LIST:
      return OrNone(Join(schema::ValuesAt(object, column.path() + "[]"), ","));
    case v1::Column::CONDITION:
      return ConditionCell(object, column.path());
    case v1::Column::REF:
      return RefCell(object, column.path());
    default:
      return TextCell(object, column.path());
  }
}

std::string Labels(const v1::ObjectMeta& meta) {
  const std::map<std::string, std::string> sorted(meta.labels().begin(), meta.labels().end());
  std::vector<std::string> pairs;
  for (const auto& [key, value] : sorted) pairs.push_back(fmt::format("{}={}", key, value));
  return OrNone(pairs.empty() ? "" : Join(pairs, ","));
}

// In the order of the table: what always shows, the age, what only -o wide shows.
template <typename Column, typename Age>
void EachColumn(const schema::Kind& kind, const ColumnOptions& options, Column column, Age age) {
  for (const v1::Column& c : kind.options.columns()) {
    if (!c.wide()) column(c);
  }
  if (!kind.options.nameless()) age();
  for (const v1::Column& c : kind.options.columns()) {
    if (c.wide() && options.wide) column(c);
  }
}

bool HasName(const schema::Kind& kind, const ColumnOptions& options) {
  return !kind.options.nameless() || options.with_kind || options.wide;
}

}  // namespace

std::vector<std::string> HeadersOf(const schema::Kind& kind, const ColumnOptions& options) {
  std::vector<std::string> headers;
  if (options.with_namespace && kind.namespaced()) headers.push_back("NAMESPACE");
  if (HasName(kind, options)) headers.push_back("NAME");
  EachColumn(
      kind, options, [&](const v1::Column& column) { headers.push_back(column.name()); },
      [&] { headers.push_back("AGE"); });
  if (options.show_labels) headers.push_back("LABELS");
  return headers;
}

std::vector<std::string> RowOf(const schema::Kind& kind, const v1::Object& object,
                               const ColumnOptions& options) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  std::vector<std::string> row;
  if (options.with_namespace && kind.namespaced()) row.push_back(meta.namespace_());
  if (HasName(kind, options)) row.push_back(options.with_kind ? RefOf(object) : meta.name());
  EachColumn(
      kind, options,
      [&](const v1::Column& column) { row.push_back(Cell(object, column, options.now)); },
      [&] {
        row.push_back(AgeCell(schema::ValueAt(object, "metadata.creationTimestamp"), options.now));
      });
  if (options.show_labels) row.push_back(Labels(meta));
  return row;
}

std::string RefOf(const v1::Object& object) {
  return fmt::format("{}/{}", schema::KindOf(object)->singular, schema::Meta(object).name());
}

}  // namespace reeve::ctl
