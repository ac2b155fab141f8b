// ctl get.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/output.h"
#include "ctl/screen.h"
#include "ctl/selection.h"
#include "ctl/session.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/versions.h"
#include "ctl/watching.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

struct Getter {
  Session& session;
  OutputFormat format;
  std::vector<Selection> selections;

  bool several() const { return selections.size() > 1; }
  bool all_namespaces() const { return session.flags().Bool("all-namespaces"); }
};

ColumnOptions ColumnsFor(Getter& get) {
  return {.wide = get.format.type == OutputFormat::Type::kWide,
          .with_namespace = get.all_namespaces(),
          .with_kind = get.several(),
          .show_labels = get.session.flags().Bool("show-labels"),
          .now = get.session.io().clock->Read().wall};
}

TableStyle StyleFor(Getter& get) {
  TableStyle style = ScreenStyle(get.session);
  if (get.format.type != OutputFormat::Type::kTable) style.width = 0;  // Wide is wide.
  return style;
}

Table TableOf(const schema::Kind& kind, const std::vector<v1::Object>& objects,
              const ColumnOptions& columns) {
  Table table{.headers = HeadersOf(kind, columns)};
  for (const v1::Object& object : objects) table.rows.push_back(RowOf(kind, object, columns));
  return table;
}

absl::StatusOr<v1::Object> GetOne(Session& session, const ObjectKey& key) {
  if (const std::string at = session.flags().Text("at"); !at.empty())
    return GetAt(session, key, at, "at");
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  return FromServer(api->Get(key));
}

// The objects that were named; those that cannot be had are reported one by one.
absl::StatusOr<std::vector<v1::Object>> GetNamed(Session& session, const Selection& selection) {
  std::vector<v1::Object> objects;
  for (const std::string& name : selection.names) {
    absl::StatusOr<v1::Object> object = GetOne(session, session.KeyFor(*selection.kind, name));
    if (object.ok()) {
      objects.push_back(*std::move(object));
    } else if (!absl::IsNotFound(object.status()) || !session.flags().Bool("ignore-not-found")) {
      session.Report(object.status());
    }
  }
  return objects;
}

absl::StatusOr<std::vector<v1::Object>> ObjectsOf(Getter& get, const Selection& selection) {
  if (!selection.names.empty()) return GetNamed(get.session, selection);
  return ListSelected(get.session, *selection.kind);
}

// An empty namespace and one that is spelled wrong look alike.
void WarnOfNamespace(Session& session) {
  if (!session.namespace_given()) return;
  const schema::Kind* kind = schema::KindRegistry::Get().FindByName("Namespace");
  const absl::StatusOr<std::vector<std::string>> names = NamesBeginning(session, *kind, "");
  if (!names.ok()) return;
  if (std::find(names->begin(), names->end(), session.Namespace()) != names->end()) return;
  const std::string near = DidYouMean(session.Namespace(), *names);
  session.Err("Warning: there is no namespace \"{}\"{}\n", session.Namespace(),
              near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

void PrintNone(Getter& get) {
  const bool scoped = get.selections[0].kind->namespaced() && !get.all_namespaces();
  if (get.session.failed() || get.session.flags().Bool("ignore-not-found")) return;
  if (scoped) {
    get.session.Err("No resources found in {} namespace.\n", get.session.Namespace());
    WarnOfNamespace(get.session);
  } else {
    get.session.Err("No resources found\n");
  }
}

absl::Status PrintTables(Getter& get) {
  bool any = false;
  for (const Selection& selection : get.selections) {
    ASSIGN_OR_RETURN(const std::vector<v1::Object> objects, ObjectsOf(get, selection));
    if (objects.empty()) continue;
    if (any) get.session.Out("\n");
    any = true;
    get.session.Out("{}",
                    Render(TableOf(*selection.kind, objects, ColumnsFor(get)), StyleFor(get)));
  }
  if (!any) PrintNone(get);
  return absl::OkStatus();
}

absl::Status PrintObjects(Getter& get) {
  std::vector<v1::Object> all;
  for (const Selection& selection : get.selections) {
    ASSIGN_OR_RETURN(std::vector<v1::Object> objects, ObjectsOf(get, selection));
    for (v1::Object& object : objects) all.push_back(std::move(object));
  }
  const bool single = get.selections.size() == 1 && get.selections[0].names.size() == 1;
  if (single && all.empty()) return absl::OkStatus();
  if (all.empty() && get.format.type == OutputFormat::Type::kCustomColumns) {
    PrintNone(get);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string text,
                   Format(get.format, std::move(all), single, StyleFor(get).headers));
  get.session.Out("{}", text);
  return absl::OkStatus();
}

// Prints rows as they come: the present state as one table, then a row for each change under the
// same columns.
class WatchPrinter {
 public:
  explicit WatchPrinter(Getter& get)
      : get_(get), kind_(*get.selections[0].kind), style_(StyleFor(get)) {}

  absl::StatusOr<Next> Take(const v1::WatchEvent& event) {
    const bool snapshot = event.type() == v1::WatchEvent::SNAPSHOT;
    if (!snapshot) waiting_.push_back(event.object());
    if (snapshot || flushed_) RETURN_IF_ERROR(Flush());
    if (!get_.session.io().out) return Internal("the output cannot be written");
    return Next::kGoOn;
  }

 private:
  absl::Status Flush() {
    flushed_ = true;
    if (!get_.format.table()) return FlushObjects();
    if (waiting_.empty()) return absl::OkStatus();
    const Table table = TableOf(kind_, waiting_, ColumnsFor(get_));
    style_.widths_min = ColumnWidths(table, style_);
    get_.session.Out("{}", Render(table, style_));
    style_.headers = false;
    waiting_.clear();
    return absl::OkStatus();
  }

  absl::Status FlushObjects() {
    for (v1::Object& object : waiting_) {
      const std::string separator = get_.format.type == OutputFormat::Type::kYaml ? "---\n" : "";
      ASSIGN_OR_RETURN(const std::string text,
                       Format(get_.format, {std::move(object)}, true, style_.headers));
      get_.session.Out("{}{}", separator, text);
      style_.headers = false;
    }
    waiting_.clear();
    return absl::OkStatus();
  }

  Getter& get_;
  const schema::Kind& kind_;
  TableStyle style_;
  std::vector<v1::Object> waiting_;
  bool flushed_ = false;
};

absl::Status WatchAll(Getter& get) {
  const Selection& selection = get.selections[0];
  if (get.several() || selection.names.size() > 1) {
    return InvalidArgument(
        "you may only specify a single resource type, and at most one name, with --watch");
  }
  v1::Selector selector = SelectorFor(get.session, *selection.kind);
  if (!selection.names.empty())
    selector = SelectorOf(get.session.KeyFor(*selection.kind, selection.names[0]));
  ASSIGN_OR_RETURN(const absl::Duration timeout, get.session.DurationFlag("timeout"));
  WatchPrinter printer(get);
  const absl::Status end = Follow(get.session, selector, timeout,
                                  [&](const v1::WatchEvent& event) { return printer.Take(event); });
  return absl::IsDeadlineExceeded(end) ? absl::OkStatus() : end;
}

// Only single objects are shown as they were.
absl::Status CheckAt(Getter& get) {
  if (get.session.flags().Text("at").empty()) return absl::OkStatus();
  if (get.session.flags().Bool("watch"))
    return InvalidArgument("--at and --watch exclude each other");
  for (const Selection& selection : get.selections) {
    if (selection.names.empty()) return InvalidArgument("--at needs the names of objects");
  }
  return absl::OkStatus();
}

}  // namespace

v1::Selector SelectorFor(Session& session, const schema::Kind& kind) {
  v1::Selector selector;
  selector.set_kind(kind.name);
  if (kind.namespaced() && !session.flags().Bool("all-namespaces"))
    selector.set_namespace_(session.Namespace());
  selector.set_labels(session.flags().Text("selector"));
  selector.set_fields(session.flags().Text("field-selector"));
  return selector;
}

absl::StatusOr<std::vector<v1::Object>> ListSelected(Session& session, const schema::Kind& kind) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::ListRequest request;
  *request.mutable_selector() = SelectorFor(session, kind);
  ASSIGN_OR_RETURN(client::List list, FromServer(api->ListObjects(request)));
  return std::move(list.items);
}

absl::Status RunGet(Session& session) {
  Getter get{.session = session};
  ASSIGN_OR_RETURN(get.format, ParseOutputFormat(session.flags().Text("output")));
  ASSIGN_OR_RETURN(get.selections, ParseSelections(session.args(), "get"));
  const bool names = !get.selections[0].names.empty();
  if (names && get.all_namespaces()) {
    return InvalidArgument("a resource cannot be retrieved by name across all namespaces");
  }
  if (names && !session.flags().Text("selector").empty()) {
    return InvalidArgument("name cannot be provided when a selector is specified");
  }
  RETURN_IF_ERROR(CheckAt(get));
  if (session.flags().Bool("watch")) return WatchAll(get);
  return get.format.table() ? PrintTables(get) : PrintObjects(get);
}

}  // namespace reeve::ctl
