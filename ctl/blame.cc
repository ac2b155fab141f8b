// ctl blame: who set each field, and since when it is as it is.
#include <map>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/screen.h"
#include "ctl/selection.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/versions.h"
#include "proto/schema/object.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {
namespace {

// Since when a field has its value.
struct Origin {
  const v1::ObjectVersion* version = nullptr;
  bool certain = true;  // False: for longer than history is kept.
};
using Origins = std::map<FieldPath, Origin>;

Origins OriginsOf(const Versions& versions, const std::vector<FieldPath>& fields) {
  Origins origins;
  std::set<FieldPath> open(fields.begin(), fields.end());
  const v1::ObjectVersion* since = &versions[0];
  bool certain = false;  // Whether `since` is known to be the first of this life.
  for (const v1::ObjectVersion& version : versions) {
    certain = version.deleted() || !SameLife(version, versions[0]);
    if (certain) break;
    for (const FieldPath& path : schema::ChangedPaths(version.object(), versions[0].object())) {
      if (open.erase(path) > 0) origins[path] = {since};
    }
    since = &version;
  }
  certain = certain || ChangeOf(*since, nullptr).kind == Change::Kind::kCreated;
  for (const FieldPath& path : open) origins[path] = {since, certain};
  return origins;
}

std::string ManagersOf(const v1::ObjectMeta& meta, const FieldPath& path) {
  std::vector<std::string> names;
  const std::string text = path.ToString();
  for (const v1::ManagedFieldsEntry& entry : meta.managed_fields()) {
    const bool owns = std::ranges::find(entry.fields(), text) != entry.fields().end();
    const bool listed = std::ranges::find(names, entry.manager()) != names.end();
    if (owns && !listed) names.push_back(entry.manager());
  }
  return names.empty() ? "-" : Join(names, ",");
}

// The fields of `shown` that begin at each line of its YAML.
absl::StatusOr<std::map<int, FieldPath>> FieldsByLine(const v1::Object& shown,
                                                      const std::string& yaml,
                                                      const Origins& fields) {
  ASSIGN_OR_RETURN(const std::vector<schema::Manifest> manifests,
                   schema::ParseManifests(yaml, "YAML"));
  std::map<int, FieldPath> by_line;
  for (const auto& [path, position] : manifests[0].positions) {
    const FieldPath by_key = schema::ByKey(shown, path);
    if (fields.contains(by_key)) by_line.emplace(position.line, by_key);
  }
  return by_line;
}

std::vector<std::string> Cells(const v1::ObjectMeta& meta, const FieldPath& path,
                               const Origin& origin, absl::Time now) {
  return {ManagersOf(meta, path),
          fmt::format("{}{}", origin.certain ? "" : "<=", origin.version->revision()),
          AgeOf(*origin.version, now)};
}

// What nobody decides is shown, but not whose it is.
bool IsDecided(const FieldPath& path) {
  static const std::set<std::string> parts = {"labels", "annotations", "finalizers",
                                              "ownerReferences"};
  const auto name = [&](size_t i) {
    const auto* field =
        i < path.steps().size() ? std::get_if<FieldPath::Field>(&path.steps()[i]) : nullptr;
    return field == nullptr ? std::string() : field->name;
  };
  return name(0) == "metadata" ? parts.contains(name(1)) : name(0) != "status";
}

absl::StatusOr<Table> Blame(const Versions& versions, absl::Time now) {
  v1::Object shown = versions[0].object();
  std::vector<FieldPath> fields = schema::SetPaths(shown);
  std::erase_if(fields, [](const FieldPath& path) { return !IsDecided(path); });
  const Origins origins = OriginsOf(versions, fields);
  schema::MutableMeta(&shown)->clear_managed_fields();
  google::protobuf::Message* inner = schema::MutableInner(&shown);
  if (const auto* status = inner->GetDescriptor()->FindFieldByName("status"))
    inner->GetReflection()->ClearField(inner, status);
  const std::string yaml = schema::ToYaml(shown);
  ASSIGN_OR_RETURN(const auto by_line, FieldsByLine(shown, yaml, origins));
  Table table{.headers = {"MANAGER", "REVISION", "AGE", "FIELD"}};
  int number = 0;
  for (const std::string& line : Split(Trim(yaml), '\n')) {
    const auto field = by_line.find(++number);
    std::vector<std::string> row = {"", "", ""};
    if (field != by_line.end()) {
      row =
          Cells(schema::Meta(versions[0].object()), field->second, origins.at(field->second), now);
    }
    row.push_back(line);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

absl::Status RunBlame(Session& session) {
  ASSIGN_OR_RETURN(const One one, ParseOne(session.args(), "blame"));
  ASSIGN_OR_RETURN(const Versions versions,
                   GetVersions(session, session.KeyFor(*one.kind, one.name)));
  if (versions.empty()) return Internal("the server answered a history without versions");
  if (versions[0].deleted()) {
    return NotFound("{} was deleted at revision {}: see 'ctl history'", RefOf(versions[0].object()),
                    versions[0].revision());
  }
  ASSIGN_OR_RETURN(const Table table, Blame(versions, session.io().clock->Read().wall));
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
