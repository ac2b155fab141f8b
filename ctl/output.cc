#include "ctl/output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/durable_file.h"
#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/table.h"
#include "proto/schema/encode.h"
#include "proto/schema/json.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

using Type = OutputFormat::Type;

constexpr std::array<std::pair<std::string_view, Type>, 4> kNames = {{
    {"wide", Type::kWide},
    {"yaml", Type::kYaml},
    {"json", Type::kJson},
    {"name", Type::kName},
}};
// What follows their '=' is a template, or with "-file" a file that holds it.
constexpr std::array<std::pair<std::string_view, Type>, 2> kTemplates = {{
    {"jsonpath", Type::kJsonPath},
    {"custom-columns", Type::kCustomColumns},
}};
constexpr std::string_view kFile = "-file";

// Parts at the commas that are in no brackets and quotes: unions and filters have commas too.
std::vector<std::string> SplitColumns(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == ']') {
      depth += c == '[' ? 1 : -1;
    } else if (c == ',' && depth <= 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

absl::StatusOr<std::vector<CustomColumn>> ParseColumns(std::string_view text) {
  std::vector<CustomColumn> columns;
  for (const std::string& part : SplitColumns(text)) {
    const size_t colon = part.find(':');
    if (colon == part.npos || colon == 0 || colon + 1 == part.size())
      return InvalidArgument(
          "unexpected custom-columns spec: {}, expected <header>:<json-path-expr>", part);
    ASSIGN_OR_RETURN(JsonPath path, JsonPath::Parse(part.substr(colon + 1)));
    columns.push_back({part.substr(0, colon), std::move(path)});
  }
  return columns;
}

std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words;
  for (std::string& word : Split(line, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

// A line of headers, and one of paths below them.
absl::StatusOr<std::vector<CustomColumn>> ParseColumnsFile(const std::string& text) {
  std::vector<std::string> lines = Split(text, '\n');
  lines.resize(2);
  const std::vector<std::string> headers = WordsOf(lines[0]), paths = WordsOf(lines[1]);
  if (headers.empty() || headers.size() != paths.size())
    return InvalidArgument("number of headers ({}) and field specifications ({}) don't match",
                           headers.size(), paths.size());
  std::vector<CustomColumn> columns;
  for (size_t i = 0; i < headers.size(); ++i) {
    ASSIGN_OR_RETURN(JsonPath path, JsonPath::Parse(paths[i]));
    columns.push_back({headers[i], std::move(path)});
  }
  return columns;
}

absl::StatusOr<OutputFormat> ParseTemplated(Type type, std::string_view name, bool file,
                                            const std::string& argument) {
  if (argument.empty())
    return InvalidArgument("{} format specified but no {} given", name, file ? "file" : "template");
  std::string text = argument;
  if (file) {
    ASSIGN_OR_RETURN(text, ReadFile(argument));
  }
  OutputFormat format{.type = type};
  if (type == Type::kJsonPath) {
    ASSIGN_OR_RETURN(format.text, JsonTemplate::Parse(text));
  } else if (file) {
    ASSIGN_OR_RETURN(format.columns, ParseColumnsFile(text));
  } else {
    ASSIGN_OR_RETURN(format.columns, ParseColumns(text));
  }
  return format;
}

absl::Status UnknownFormat(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [name, type] : kTemplates) {
    names.emplace_back(name);
    names.push_back(std::string(name) + std::string(kFile));
  }
  for (const auto& [name, type] : kNames) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  const std::string near = DidYouMean(text.substr(0, text.find('=')), names);
  return InvalidArgument(
      "unable to match a printer suitable for the output format \"{}\", allowed formats are: "
      "{}{}",
      text, Join(names, ","), near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

absl::StatusOr<std::string> CellText(const JsonPath& path, const schema::Node& document) {
  ASSIGN_OR_RETURN(const Nodes found, path.Find(document));
  std::vector<std::string> texts;
  for (const schema::Node* node : found) texts.push_back(NodeText(*node));
  return texts.empty() ? "<none>" : Join(texts, ",");
}

absl::StatusOr<std::string> ColumnsText(const OutputFormat& format,
                                        const std::vector<v1::Object>& objects, bool headers) {
  Table table;
  for (const CustomColumn& column : format.columns) table.headers.push_back(column.header);
  for (const v1::Object& object : objects) {
    const schema::Node document = schema::EncodeObject(object);
    std::vector<std::string>& row = table.rows.emplace_back();
    for (const CustomColumn& column : format.columns) {
      ASSIGN_OR_RETURN(row.emplace_back(), CellText(column.path, document));
    }
  }
  return Render(table, {.headers = headers});
}

std::string Names(const std::vector<v1::Object>& objects) {
  std::string text;
  for (const v1::Object& object : objects) text += RefOf(object) + "\n";
  return text;
}

std::string Documents(Type type, std::vector<v1::Object> objects, bool single) {
  for (v1::Object& object : objects) schema::MutableMeta(&object)->clear_managed_fields();
  if (type == Type::kYaml) return single ? schema::ToYaml(objects[0]) : schema::ToYamlList(objects);
  const std::string text = single ? schema::ToJson(objects[0]) : schema::ToJsonList(objects);
  return text.ends_with('\n') ? text : text + "\n";
}

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text) {
  if (text.empty()) return OutputFormat();
  for (const auto& [name, type] : kNames) {
    if (name == text) return OutputFormat{.type = type};
  }
  const size_t equals = text.find('=');
  const std::string_view word = text.substr(0, equals);
  const std::string argument(equals == text.npos ? "" : text.substr(equals + 1));
  for (const auto& [name, type] : kTemplates) {
    if (!word.starts_with(name)) continue;
    const std::string_view rest = word.substr(name.size());
    if (rest.empty() || rest == kFile) return ParseTemplated(type, name, !rest.empty(), argument);
  }
  return UnknownFormat(text);
}

absl::StatusOr<std::string> Format(const OutputFormat& format, std::vector<v1::Object> objects,
                                   bool single, bool headers) {
  switch (format.type) {
    case Type::kName:
      return Names(objects);
    case Type::kJsonPath:
      return format.text->Render(single ? schema::EncodeObject(objects[0])
                                        : schema::EncodeList(objects));
    case Type::kCustomColumns:
      return ColumnsText(format, objects, headers);
    default:
      return Documents(format.type, std::move(objects), single);
  }
}

}  // namespace reeve::ctl
