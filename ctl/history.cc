// ctl history.
#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "client/timestamps.h"
#include "ctl/output.h"
#include "ctl/screen.h"
#include "ctl/selection.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/versions.h"
#include "proto/schema/json.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

// One line of the table: a version, or a run of versions that changed only the status.
struct Row {
  const v1::ObjectVersion* newest = nullptr;
  Change change;
  int versions = 1;
  std::vector<std::string> managers;
};

void AddManager(const v1::ObjectVersion& version, Row* row) {
  const std::string& manager = version.manager();
  if (!manager.empty() && std::ranges::find(row->managers, manager) == row->managers.end())
    row->managers.push_back(manager);
}

// The oldest first, as `kubectl rollout history` has it.
std::vector<Row> RowsOf(const Versions& versions, bool all) {
  std::vector<Row> rows;
  for (int i = versions.size() - 1; i >= 0; --i) {
    Row row{.newest = &versions[i]};
    row.change = ChangeOf(versions[i], i + 1 < versions.size() ? &versions[i + 1] : nullptr);
    const bool folds = !all && !rows.empty() && row.change.kind == Change::Kind::kStatus &&
                       rows.back().change.kind == Change::Kind::kStatus;
    if (!folds) {
      rows.push_back(std::move(row));
    } else {
      rows.back().newest = &versions[i];
      ++rows.back().versions;
    }
    AddManager(versions[i], &rows.back());
  }
  return rows;
}

std::string ChangeCell(const Row& row) {
  return row.versions == 1 ? ChangeText(row.change)
                           : fmt::format("status ({} versions)", row.versions);
}

std::string TimeText(const v1::ObjectVersion& version) {
  if (!version.has_time()) return "<unknown>";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", client::ToTime(version.time()),
                          absl::UTCTimeZone());
}

absl::Status PrintTable(Session& session, const Versions& versions, bool wide) {
  Table table{.headers = {"REVISION", "AGE", "MANAGER", "CHANGE"}};
  if (wide) table.headers.insert(table.headers.begin() + 2, "TIME");
  const absl::Time now = session.io().clock->Read().wall;
  for (const Row& row : RowsOf(versions, session.flags().Bool("all"))) {
    std::vector<std::string> cells = {
        std::to_string(row.newest->revision()), AgeOf(*row.newest, now),
        row.managers.empty() ? "<unknown>" : Join(row.managers, ","), ChangeCell(row)};
    if (wide) cells.insert(cells.begin() + 2, TimeText(*row.newest));
    table.rows.push_back(std::move(cells));
  }
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

std::string Indented(std::string_view text, std::string_view indent) {
  std::string result;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.empty()) result += fmt::format("{}{}\n", indent, line);
  }
  return result;
}

// JSON's form is YAML's too.
std::string Quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += fmt::format("\\{}", c);
    } else if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string ToYaml(const Versions& versions) {
  std::string text = "versions:\n";
  for (const v1::ObjectVersion& version : versions) {
    text += fmt::format("- revision: {}\n", version.revision());
    if (version.has_time()) text += fmt::format("  time: {}\n", Quoted(TimeText(version)));
    if (!version.manager().empty())
      text += fmt::format("  manager: {}\n", Quoted(version.manager()));
    if (version.deleted()) text += "  deleted: true\n";
    text += "  object:\n" + Indented(schema::ToYaml(version.object()), "    ");
  }
  return text;
}

std::string ToJson(const Versions& versions) {
  std::string items;
  for (const v1::ObjectVersion& version : versions) {
    std::string object = Indented(schema::ToJson(version.object()), "            ");
    object = std::string(Trim(object));
    items += items.empty() ? "\n" : ",\n";
    items += fmt::format("        {{\n            \"revision\": {},\n", version.revision());
    if (version.has_time())
      items += fmt::format("            \"time\": {},\n", Quoted(TimeText(version)));
    items += fmt::format(
        "            \"manager\": {},\n            \"deleted\": {},\n            \"object\": {}\n"
        "        }}",
        Quoted(version.manager()), version.deleted(), object);
  }
  return fmt::format("{{\n    \"versions\": [{}\n    ]\n}}\n", items);
}

}  // namespace

absl::Status RunHistory(Session& session) {
  ASSIGN_OR_RETURN(const One one, ParseOne(session.args(), "history"));
  ASSIGN_OR_RETURN(const OutputFormat format, ParseOutputFormat(session.flags().Text("output")));
  using Type = OutputFormat::Type;
  if (!format.table() && format.type != Type::kYaml && format.type != Type::kJson)
    return InvalidArgument("the output format of a history is one of: wide, yaml, json");
  ASSIGN_OR_RETURN(const Versions versions,
                   GetVersions(session, session.KeyFor(*one.kind, one.name)));
  if (format.table()) return PrintTable(session, versions, format.type == Type::kWide);
  session.Out("{}", format.type == Type::kYaml ? ToYaml(versions) : ToJson(versions));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
