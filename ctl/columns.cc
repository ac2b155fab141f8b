#include "ctl/columns.h"

#include <fmt/format.h>

#include <map>

#include "base/strings.h"
#include "proto/schema/columns.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

constexpr std::string_view kNone = "<none>";

std::string Labels(const v1::ObjectMeta& meta) {
  const std::map<std::string, std::string> sorted(meta.labels().begin(), meta.labels().end());
  std::vector<std::string> pairs;
  for (const auto& [key, value] : sorted) pairs.push_back(fmt::format("{}={}", key, value));
  return pairs.empty() ? std::string(kNone) : Join(pairs, ",");
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
      [&](const v1::Column& column) {
        row.push_back(schema::ColumnText(object, column, options.now));
      },
      [&] { row.push_back(schema::AgeText(object, options.now)); });
  if (options.show_labels) row.push_back(Labels(meta));
  return row;
}

std::string RefOf(const v1::Object& object) {
  return fmt::format("{}/{}", schema::KindOf(object)->singular, schema::Meta(object).name());
}

}  // namespace reeve::ctl
