// ctl label and ctl annotate: two names of one command.
#include <map>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "ctl/columns.h"
#include "ctl/patching.h"
#include "ctl/verbs.h"
#include "proto/schema/json_node.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

// What differs between the two.
struct Words {
  std::string_view noun;   // "label"
  std::string_view field;  // Of metadata.
  std::string_view changed;
  std::string_view unchanged;
  std::string_view removed;
};
constexpr Words kLabel = {"label", "labels", "labeled", "not labeled", "unlabeled"};
constexpr Words kAnnotation = {"annotation", "annotations", "annotated", "annotated", "annotated"};

using Map = std::map<std::string, std::string>;
// By key; no value: it is to go.
using Changes = std::map<std::string, std::optional<std::string>>;

struct Typed {
  std::vector<std::string> objects;
  Changes changes;
};

// The arguments in front name objects, those behind are KEY=VALUE or KEY-.
absl::StatusOr<Typed> ParseArgs(const std::vector<std::string>& args, const Words& words) {
  Typed typed;
  for (const std::string& arg : args) {
    const size_t equals = arg.find('=');
    const bool removes = equals == std::string::npos && arg.ends_with('-');
    if (equals == std::string::npos && !removes) {
      if (!typed.changes.empty())
        return InvalidArgument("all resources must be specified before {} changes: {}", words.noun,
                               arg);
      typed.objects.push_back(arg);
      continue;
    }
    const std::string key = removes ? arg.substr(0, arg.size() - 1) : arg.substr(0, equals);
    std::optional<std::string> value;
    if (!removes) value = arg.substr(equals + 1);
    const auto [there, added] = typed.changes.emplace(key, value);
    if (!added && there->second.has_value() != value.has_value())
      return InvalidArgument("can not both modify and remove a {} in the same command", words.noun);
    there->second = value;
  }
  if (typed.changes.empty())
    return InvalidArgument("at least one {} update is required", words.noun);
  return typed;
}

Map Present(const v1::Object& object, const Words& words) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  const auto& map = words.field == "labels" ? meta.labels() : meta.annotations();
  return {map.begin(), map.end()};
}

absl::Status CheckOverwrite(const Map& present, const Changes& changes, const Words& words) {
  std::vector<std::string> found;
  for (const auto& [key, value] : changes) {
    const auto there = present.find(key);
    if (value && there != present.end() && there->second != *value)
      found.push_back(fmt::format("'{}' already has a value ({})", key, there->second));
  }
  if (found.empty()) return absl::OkStatus();
  if (words.field == "labels")
    return InvalidArgument("{}, and --overwrite is false", Join(found, "; "));
  return InvalidArgument("--overwrite is false but found the following declared annotation(s): {}",
                         Join(found, "; "));
}

std::string DocumentOf(const Changes& changes, const Words& words, const std::string& version) {
  schema::Node map = schema::MapNode();
  for (const auto& [key, value] : changes)
    schema::Put(&map, key, value ? schema::TextNode(*value) : schema::Node());
  schema::Node metadata = schema::MapNode();
  schema::Put(&metadata, words.field, std::move(map));
  if (!version.empty()) schema::Put(&metadata, "resourceVersion", version);
  schema::Node document = schema::MapNode();
  schema::Put(&document, "metadata", std::move(metadata));
  return schema::DumpJson(document);
}

std::string_view Outcome(const Map& before, const Map& after, const Words& words) {
  if (before == after) return words.unchanged;
  for (const auto& [key, value] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second != value) return words.changed;
  }
  return words.removed;
}

absl::Status ChangeOne(Session& session, const v1::Object& object, const Changes& changes,
                       const Words& words, DryRun dry_run) {
  const Map before = Present(object, words);
  if (!session.flags().Bool("overwrite")) RETURN_IF_ERROR(CheckOverwrite(before, changes, words));
  for (const auto& [key, value] : changes) {
    if (!value && !before.contains(key)) session.Out("{} \"{}\" not found.\n", words.noun, key);
  }
  const std::string document = DocumentOf(changes, words, session.flags().Text("resource-version"));
  ASSIGN_OR_RETURN(const v1::Object after,
                   SendPatch(session, object, v1::PatchRequest::MERGE, document));
  session.Out("{} {}{}\n", RefOf(object), Outcome(before, Present(after, words), words),
              DryRunSuffix(dry_run));
  return absl::OkStatus();
}

absl::Status ListOf(Session& session, const std::vector<v1::Object>& objects, const Words& words) {
  for (const v1::Object& object : objects) {
    if (objects.size() > 1) session.Out("Listing {} for {}:\n", words.field, RefOf(object));
    for (const auto& [key, value] : Present(object, words)) session.Out("{}={}\n", key, value);
  }
  return absl::OkStatus();
}

absl::Status Change(Session& session, const Words& words, std::string_view verb) {
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  if (session.flags().Bool("list")) {
    ASSIGN_OR_RETURN(const std::vector<v1::Object> listed,
                     ObjectsFor(session, session.args(), verb));
    return ListOf(session, listed, words);
  }
  ASSIGN_OR_RETURN(const Typed typed, ParseArgs(session.args(), words));
  ASSIGN_OR_RETURN(const std::vector<v1::Object> objects, ObjectsFor(session, typed.objects, verb));
  for (const v1::Object& object : objects)
    session.Report(ChangeOne(session, object, typed.changes, words, dry_run));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunLabel(Session& session) { return Change(session, kLabel, "label"); }
absl::Status RunAnnotate(Session& session) { return Change(session, kAnnotation, "annotate"); }

}  // namespace reeve::ctl
