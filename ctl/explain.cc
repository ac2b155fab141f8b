// ctl explain: the schema, as its own descriptors and comments say it.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "proto/schema/comments.h"
#include "proto/schema/reflect.h"

namespace reeve::ctl {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kTextWidth = 78;

std::string BaseType(const FieldDescriptor* field) {
  if (schema::IsDuration(field)) return "duration";
  if (schema::IsTimestamp(field)) return "time";
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    case FieldDescriptor::CPPTYPE_STRING:
      return "string";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "enum";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field->message_type()->name();
    default:
      return "integer";
  }
}

std::string TypeOf(const FieldDescriptor* field) {
  if (field->is_map()) {
    return fmt::format("<map[string]{}>", BaseType(field->message_type()->map_value()));
  }
  return field->is_repeated() ? fmt::format("<[]{}>", BaseType(field))
                              : fmt::format("<{}>", BaseType(field));
}

std::string Wrapped(std::string_view text, std::string_view indent) {
  std::string result;
  std::string line;
  for (const std::string& word : Split(text, ' ')) {
    if (word.empty()) continue;
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > kTextWidth) {
      result += fmt::format("{}{}\n", indent, std::exchange(line, ""));
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? result : result + fmt::format("{}{}\n", indent, line);
}

// What (rules) say of the field, in words: "default: 1", "range: 1-65535".
std::vector<std::string> RuleLines(const FieldDescriptor* field) {
  const v1::FieldRules& rules = schema::RulesOf(field);
  std::vector<std::string> lines;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    lines.push_back("enum: " + Join(schema::EnumNames(field->enum_type()), ", "));
  }
  if (!rules.default_value().empty()) lines.push_back("default: " + rules.default_value());
  if (rules.has_min() && rules.has_max())
    lines.push_back(fmt::format("range: {}-{}", rules.min(), rules.max()));
  if (!rules.references().empty()) lines.push_back("names a: " + rules.references());
  if (rules.immutable()) lines.emplace_back("cannot be changed");
  if (rules.server_owned()) lines.emplace_back("set by the server");
  return lines;
}

std::string FieldLine(const FieldDescriptor* field, int depth) {
  const std::string indent(static_cast<size_t>(depth) * 2, ' ');
  const std::string_view required = schema::RulesOf(field).required() ? " -required-" : "";
  return fmt::format("  {}{}\t{}{}\n", indent, field->json_name(), TypeOf(field), required);
}

std::string FieldText(const FieldDescriptor* field) {
  std::string text = FieldLine(field, 0);
  for (const std::string& line : RuleLines(field)) text += fmt::format("  {}\n", line);
  return text + Wrapped(schema::CommentOf(field), "    ") + "\n";
}

// The names alone, nested. A message inside itself is named, not opened.
std::string FieldTree(const Descriptor* type, int depth, std::vector<const Descriptor*> above) {
  above.push_back(type);
  std::string text;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    text += FieldLine(field, depth);
    const bool opens = schema::IsSubmessage(field) &&
                       std::find(above.begin(), above.end(), field->message_type()) == above.end();
    if (opens) text += FieldTree(field->message_type(), depth + 1, above);
  }
  return text;
}

std::string FieldsText(const Descriptor* type, bool recursive) {
  if (recursive) return "FIELDS:\n" + FieldTree(type, 0, {});
  std::string text = "FIELDS:\n";
  for (int i = 0; i < type->field_count(); ++i) text += FieldText(type->field(i));
  return text;
}

absl::StatusOr<const FieldDescriptor*> FieldAt(const Descriptor* type,
                                               const std::vector<std::string>& path) {
  const FieldDescriptor* field = nullptr;
  for (size_t i = 1; i < path.size(); ++i) {
    field = type == nullptr ? nullptr : schema::FindField(type, path[i]);
    if (field == nullptr) {
      const std::string near = type == nullptr ? "" : DidYouMean(path[i], schema::FieldNames(type));
      return InvalidArgument("field \"{}\" does not exist{}", path[i],
                             near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
    }
    type = schema::IsSubmessage(field) ? field->message_type() : nullptr;
  }
  return field;
}

}  // namespace

absl::Status RunExplain(Session& session) {
  if (session.args().size() != 1)
    return InvalidArgument("You must specify the type of resource to explain, or a field of it");
  const std::vector<std::string> path = Split(session.args()[0], '.');
  ASSIGN_OR_RETURN(const schema::Kind* kind, FindKind(path[0], session.kinds()));
  ASSIGN_OR_RETURN(const FieldDescriptor* field, FieldAt(kind->descriptor, path));
  const Descriptor* type = kind->descriptor;
  if (field != nullptr) type = schema::IsSubmessage(field) ? field->message_type() : nullptr;
  session.Out("KIND:       {}\nVERSION:    {}\n\n", kind->name, schema::kApiVersion);
  if (field != nullptr) session.Out("FIELD: {} {}\n\n", field->json_name(), TypeOf(field));
  std::string about = field == nullptr ? schema::CommentOf(type) : schema::CommentOf(field);
  if (about.empty()) about = type == nullptr ? "<empty>" : schema::CommentOf(type);
  session.Out("DESCRIPTION:\n{}", Wrapped(about.empty() ? "<empty>" : about, "    "));
  if (field != nullptr) {
    for (const std::string& line : RuleLines(field)) session.Out("    {}\n", line);
  }
  session.Out("\n");
  if (type != nullptr) session.Out("{}", FieldsText(type, session.flags().Bool("recursive")));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
