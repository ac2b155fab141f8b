#include "apiserver/http/table.h"

#include <fmt/format.h>

#include <utility>

#include "proto/schema/columns.h"
#include "proto/schema/json_node.h"
#include "proto/schema/kube_json.h"

namespace reeve::apiserver {
namespace {

using google::protobuf::Message;
using schema::Node;

constexpr std::string_view kNameAbout =
    "Unique among the objects of its kind in its namespace. Cannot be changed.";
constexpr std::string_view kAgeAbout = "How long ago the object was made.";

// kubectl shows columns of priority 0; the others only with -o wide.
Node Definition(std::string_view name, std::string_view type, std::string_view format,
                std::string_view about, int priority) {
  Node node = schema::MapNode();
  schema::Put(&node, "name", name);
  schema::Put(&node, "type", type);
  schema::Put(&node, "format", format);
  schema::Put(&node, "description", about);
  schema::Put(&node, "priority", schema::NumberNode(priority));
  return node;
}

Node ColumnDefinition(const v1::Column& column) {
  const bool condition = column.format() == v1::Column::CONDITION;
  const std::string about = condition ? "The condition " + column.path() : column.path();
  return Definition(column.name(), "string", "", about, column.wide() ? 1 : 0);
}

// The columns in the order of `ctl get`: the name, what always shows, the age, what is wide. Kinds
// whose names mean nothing to people show name and age when wide.
template <typename Name, typename Column, typename Age>
void EachColumn(const schema::Kind& kind, Name name, Column column, Age age) {
  name();
  for (const v1::Column& c : kind.options.columns()) {
    if (!c.wide()) column(c);
  }
  age();
  for (const v1::Column& c : kind.options.columns()) {
    if (c.wide()) column(c);
  }
}

Node DefinitionsOf(const schema::Kind& kind) {
  const int priority = kind.options.nameless() ? 1 : 0;
  Node list = schema::ListNode();
  EachColumn(
      kind,
      [&] { list.items.push_back(Definition("Name", "string", "name", kNameAbout, priority)); },
      [&](const v1::Column& column) { list.items.push_back(ColumnDefinition(column)); },
      [&] { list.items.push_back(Definition("Age", "string", "", kAgeAbout, priority)); });
  return list;
}

Node CellsOf(const schema::Kind& kind, const Message& object, absl::Time now) {
  Node cells = schema::ListNode();
  const auto add = [&](std::string_view text) { cells.items.push_back(schema::TextNode(text)); };
  EachColumn(
      kind, [&] { add(schema::Meta(object).name()); },
      [&](const v1::Column& column) { add(schema::ColumnText(object, column, now)); },
      [&] { add(schema::AgeText(object, now)); });
  return cells;
}

std::string RowText(const schema::Kind& kind, const Message& object, const TableOptions& options) {
  using Include = TableOptions::Include;
  const std::string cells = schema::DumpJson(CellsOf(kind, object, options.now));
  if (options.include == Include::kNone) return fmt::format(R"({{"cells":{}}})", cells);
  return fmt::format(R"({{"cells":{},"object":{}}})", cells,
                     options.include == Include::kObject ? schema::ToKubeJson(object)
                                                         : schema::ToKubePartialJson(object));
}

Node ListMeta(const TableOptions& options) {
  Node node = schema::MapNode();
  if (!options.resource_version.empty())
    schema::Put(&node, "resourceVersion", options.resource_version);
  if (!options.continue_token.empty()) schema::Put(&node, "continue", options.continue_token);
  return node;
}

}  // namespace

bool ParseInclude(std::string_view text, TableOptions::Include* include) {
  using Include = TableOptions::Include;
  constexpr std::pair<std::string_view, Include> kWords[] = {{"", Include::kMetadata},
                                                             {"Metadata", Include::kMetadata},
                                                             {"None", Include::kNone},
                                                             {"Object", Include::kObject}};
  for (const auto& [word, meaning] : kWords) {
    if (text != word) continue;
    *include = meaning;
    return true;
  }
  return false;
}

std::string TableJson(const schema::Kind& kind, const std::vector<const Message*>& objects,
                      const TableOptions& options) {
  std::string rows;
  for (const Message* object : objects)
    rows += (rows.empty() ? "" : ",") + RowText(kind, *object, options);
  const Node definitions = options.headers ? DefinitionsOf(kind) : schema::ListNode();
  return fmt::format(R"({{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},)"
                     R"("columnDefinitions":{},"rows":[{}]}})",
                     schema::DumpJson(ListMeta(options)), schema::DumpJson(definitions), rows);
}

}  // namespace reeve::apiserver
