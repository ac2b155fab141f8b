// ctl describe and ctl events.
#include <algorithm>
#include <map>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/screen.h"
#include "ctl/selection.h"
#include "ctl/table.h"
#include "ctl/tree_text.h"
#include "ctl/verbs.h"
#include "ctl/watching.h"
#include "proto/schema/age.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

using google::protobuf::FieldDescriptor;

constexpr size_t kSectionGap = 2;

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

std::string AgeOf(const google::protobuf::Timestamp& stamp, absl::Time now) {
  return stamp.seconds() == 0 ? "<unknown>" : schema::HumanDuration(now - TimeOf(stamp));
}

// "Labels:" and the like: pairs one below the other.
void AddPairs(std::string_view label, const google::protobuf::Map<std::string, std::string>& pairs,
              std::string_view separator, Table* table) {
  const std::map<std::string, std::string> sorted(pairs.begin(), pairs.end());
  std::string left(label);
  if (sorted.empty()) table->rows.push_back({left, "<none>"});
  for (const auto& [key, value] : sorted) {
    table->rows.push_back({std::exchange(left, ""), fmt::format("{}{}{}", key, separator, value)});
  }
}

std::string Heading(const schema::Kind& kind, const v1::ObjectMeta& meta) {
  Table table{.headers = {"", ""}};
  table.rows.push_back({"Name:", meta.name()});
  if (kind.namespaced()) table.rows.push_back({"Namespace:", meta.namespace_()});
  AddPairs("Labels:", meta.labels(), "=", &table);
  AddPairs("Annotations:", meta.annotations(), ": ", &table);
  table.rows.push_back({"API Version:", std::string(schema::kApiVersion)});
  table.rows.push_back({"Kind:", kind.name});
  return Render(table, {.headers = false, .gap = kSectionGap});
}

// Metadata without what the heading says, conditions without what their table says.
bool ShownInTree(const FieldDescriptor* field) {
  static const std::map<std::string_view, std::string_view> hidden = {
      {"name", "ObjectMeta"},
      {"namespace", "ObjectMeta"},
      {"labels", "ObjectMeta"},
      {"annotations", "ObjectMeta"},
      {"managed_fields", "ObjectMeta"}};
  const auto it = hidden.find(field->name());
  if (it != hidden.end() && field->containing_type()->name() == it->second) return false;
  return field->message_type() != v1::Condition::descriptor();
}

// Dashes under each header, as kubectl's describe has them.
std::string RenderSection(Table table) {
  std::vector<std::string> dashes;
  for (const std::string& header : table.headers) dashes.emplace_back(header.size(), '-');
  table.rows.insert(table.rows.begin(), std::move(dashes));
  std::string text;
  for (const std::string& line : Split(Render(table, {.gap = kSectionGap}), '\n')) {
    if (!line.empty()) text += "  " + line + "\n";
  }
  return text;
}

std::string ConditionsSection(const v1::Object& object, absl::Time now) {
  const auto* conditions = schema::Conditions(object);
  if (conditions == nullptr || conditions->empty()) return "";
  Table table{.headers = {"Type", "Status", "Age", "Reason", "Message"}};
  for (const v1::Condition& c : *conditions) {
    table.rows.push_back({c.type(), v1::Condition::Status_Name(c.status()),
                          AgeOf(c.last_transition_time(), now), c.reason(), c.message()});
  }
  return "Conditions:\n" + RenderSection(std::move(table));
}

bool Regards(const v1::EventSpec& event, const schema::Kind& kind, const v1::ObjectMeta& meta) {
  const v1::ObjectRef& ref = event.regarding();
  if (!ref.uid().empty() && !meta.uid().empty()) return ref.uid() == meta.uid();
  return ref.kind() == kind.name && ref.name() == meta.name() &&
         ref.namespace_() == meta.namespace_();
}

// Of one namespace, or of all when it is empty; oldest first.
absl::StatusOr<std::vector<v1::EventSpec>> ListEvents(Session& session, const std::string& ns) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Event");
  request.mutable_selector()->set_namespace_(ns);
  ASSIGN_OR_RETURN(const client::List list, FromServer(api->ListObjects(request)));
  std::vector<v1::EventSpec> events;
  for (const v1::Object& item : list.items) events.push_back(item.event().spec());
  std::stable_sort(events.begin(), events.end(),
                   [](const v1::EventSpec& a, const v1::EventSpec& b) {
                     return TimeOf(a.last_time()) < TimeOf(b.last_time());
                   });
  return events;
}

// "5s (x4 over 16m)".
std::string EventAge(const v1::EventSpec& event, absl::Time now) {
  const std::string last = AgeOf(event.last_time(), now);
  if (event.count() <= 1) return last;
  return fmt::format("{} (x{} over {})", last, event.count(), AgeOf(event.first_time(), now));
}

std::string EventsSection(const std::vector<v1::EventSpec>& events, absl::Time now) {
  if (events.empty()) return "Events:  <none>\n";
  Table table{.headers = {"Type", "Reason", "Age", "From", "Message"}};
  for (const v1::EventSpec& event : events) {
    const std::string from =
        event.host().empty() ? event.source() : fmt::format("{}, {}", event.source(), event.host());
    table.rows.push_back({v1::EventSpec::Type_Name(event.type()), event.reason(),
                          EventAge(event, now), from, event.message()});
  }
  return "Events:\n" + RenderSection(std::move(table));
}

absl::StatusOr<std::string> Describe(Session& session, const schema::Kind& kind,
                                     const v1::Object& object) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  const absl::Time now = session.io().clock->Read().wall;
  AlignedLines lines;
  AddFields(schema::Inner(object), 0, ShownInTree, &lines);
  ASSIGN_OR_RETURN(std::vector<v1::EventSpec> events, ListEvents(session, meta.namespace_()));
  std::erase_if(events, [&](const v1::EventSpec& event) { return !Regards(event, kind, meta); });
  return Heading(kind, meta) + lines.Text() + ConditionsSection(object, now) +
         EventsSection(events, now);
}

absl::StatusOr<std::vector<v1::Object>> ObjectsOf(Session& session, const Selection& selection) {
  if (selection.names.empty()) return ListSelected(session, *selection.kind);
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  std::vector<v1::Object> objects;
  for (const std::string& name : selection.names) {
    absl::StatusOr<v1::Object> object = FromServer(api->Get(session.KeyFor(*selection.kind, name)));
    session.Report(object.status());
    if (object.ok()) objects.push_back(*std::move(object));
  }
  return objects;
}

struct EventFilter {
  std::optional<One> about;
  std::vector<std::string> types;

  bool Passes(const v1::EventSpec& event) const {
    const bool typed =
        types.empty() || std::find(types.begin(), types.end(),
                                   v1::EventSpec::Type_Name(event.type())) != types.end();
    return typed && (!about || (event.regarding().kind() == about->kind->name &&
                                event.regarding().name() == about->name));
  }
};

absl::StatusOr<EventFilter> ParseEventFilter(const Session& session) {
  EventFilter filter;
  if (const std::string about = session.flags().Text("for"); !about.empty()) {
    ASSIGN_OR_RETURN(filter.about, ParseOne({about}, "events --for"));
  }
  if (const std::string types = session.flags().Text("types"); !types.empty())
    filter.types = Split(types, ',');
  return filter;
}

std::vector<std::string> EventRow(const v1::EventSpec& event, absl::Time now) {
  return {EventAge(event, now), v1::EventSpec::Type_Name(event.type()), event.reason(),
          fmt::format("{}/{}", ToLower(event.regarding().kind()), event.regarding().name()),
          event.message()};
}

const std::vector<std::string>& EventHeaders() {
  static const std::vector<std::string> headers = {"LAST SEEN", "TYPE", "REASON", "OBJECT",
                                                   "MESSAGE"};
  return headers;
}

absl::Status WatchEvents(Session& session, const EventFilter& filter, const std::string& ns) {
  v1::Selector selector;
  selector.set_kind("Event");
  selector.set_namespace_(ns);
  TableStyle style = ScreenStyle(session);
  return Follow(session, selector, absl::ZeroDuration(),
                [&](const v1::WatchEvent& change) -> absl::StatusOr<Next> {
                  const bool news = change.type() == v1::WatchEvent::ADDED ||
                                    change.type() == v1::WatchEvent::MODIFIED;
                  if (!news || !filter.Passes(change.object().event().spec())) return Next::kGoOn;
                  Table table{.headers = EventHeaders()};
                  table.rows.push_back(
                      EventRow(change.object().event().spec(), session.io().clock->Read().wall));
                  style.widths_min = ColumnWidths(table, style);
                  session.Out("{}", Render(table, style));
                  style.headers = false;
                  return Next::kGoOn;
                });
}

}  // namespace

absl::Status RunDescribe(Session& session) {
  ASSIGN_OR_RETURN(const std::vector<Selection> selections,
                   ParseSelections(session.args(), "describe"));
  bool first = true;
  for (const Selection& selection : selections) {
    ASSIGN_OR_RETURN(const std::vector<v1::Object> objects, ObjectsOf(session, selection));
    for (const v1::Object& object : objects) {
      ASSIGN_OR_RETURN(const std::string text, Describe(session, *selection.kind, object));
      session.Out("{}{}", std::exchange(first, false) ? "" : "\n\n", text);
    }
  }
  if (first && !session.failed()) session.Err("No resources found\n");
  return absl::OkStatus();
}

absl::Status RunEvents(Session& session) {
  ASSIGN_OR_RETURN(const EventFilter filter, ParseEventFilter(session));
  const std::string ns = session.flags().Bool("all-namespaces") ? "" : session.Namespace();
  if (session.flags().Bool("watch")) return WatchEvents(session, filter, ns);
  ASSIGN_OR_RETURN(const std::vector<v1::EventSpec> events, ListEvents(session, ns));
  Table table{.headers = EventHeaders()};
  for (const v1::EventSpec& event : events) {
    if (filter.Passes(event))
      table.rows.push_back(EventRow(event, session.io().clock->Read().wall));
  }
  if (table.rows.empty()) {
    session.Err("No events found{}.\n", ns.empty() ? "" : fmt::format(" in {} namespace", ns));
    return absl::OkStatus();
  }
  session.Out("{}", Render(table, ScreenStyle(session)));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
