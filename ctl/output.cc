#include "ctl/output.h"

#include <array>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "proto/schema/json.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kJsonPath = "jsonpath=";
constexpr std::array<std::pair<std::string_view, OutputFormat::Type>, 5> kNames = {{
    {"", OutputFormat::Type::kTable},
    {"wide", OutputFormat::Type::kWide},
    {"yaml", OutputFormat::Type::kYaml},
    {"json", OutputFormat::Type::kJson},
    {"name", OutputFormat::Type::kName},
}};

// One {.path} of a template: its values, separated by blanks.
std::string PathValue(const v1::Object& object, std::string_view path) {
  std::string name(path.starts_with('.') ? path.substr(1) : path);
  for (size_t star = name.find("[*]"); star != std::string::npos; star = name.find("[*]"))
    name.replace(star, 3, "[]");
  const std::vector<std::string> values = schema::ValuesAt(object, name);
  return values.empty() ? "" : Join(values, " ");
}

// The part of kubectl's JSONPath that scripts use: text with {.spec.domains[*]} and {"\n"} in it.
std::string ExpandTemplate(const v1::Object& object, std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = open == text.npos ? text.npos : text.find('}', open);
    result += text.substr(0, open);
    if (close == text.npos) break;
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    result += inside == R"("\n")" ? "\n" : inside == R"("\t")" ? "\t" : PathValue(object, inside);
    text.remove_prefix(close + 1);
  }
  return result;
}

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text) {
  for (const auto& [name, type] : kNames) {
    if (name == text) return OutputFormat{type, ""};
  }
  if (text.starts_with(kJsonPath)) {
    return OutputFormat{OutputFormat::Type::kJsonPath, std::string(text.substr(kJsonPath.size()))};
  }
  return InvalidArgument(
      "unable to match a printer suitable for the output format \"{}\", allowed formats are: "
      "json,jsonpath,name,wide,yaml",
      text);
}

std::string Format(const OutputFormat& format, std::vector<v1::Object> objects, bool single) {
  std::string text;
  for (v1::Object& object : objects) {
    schema::MutableMeta(&object)->clear_managed_fields();
    if (format.type == OutputFormat::Type::kName) text += RefOf(object) + "\n";
    if (format.type == OutputFormat::Type::kJsonPath)
      text += ExpandTemplate(object, format.argument);
  }
  if (format.type == OutputFormat::Type::kYaml)
    return single ? schema::ToYaml(objects[0]) : schema::ToYamlList(objects);
  if (format.type == OutputFormat::Type::kJson) {
    text = single ? schema::ToJson(objects[0]) : schema::ToJsonList(objects);
    return text.ends_with('\n') ? text : text + "\n";
  }
  return text;
}

}  // namespace reeve::ctl
