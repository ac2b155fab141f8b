// ctl delete and ctl wait.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/manifests.h"
#include "ctl/patching.h"
#include "ctl/readiness.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "ctl/watching.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

// More than these are deleted by a selector, or with a namespace, only with --yes.
constexpr size_t kDeletedUnaskedMax = 10;

// What a delete or wait is about: by files, by names, or by selectors and --all.
absl::StatusOr<std::vector<ObjectKey>> KeysOf(Session& session, std::string_view verb) {
  std::vector<ObjectKey> keys;
  if (!session.flags().Texts("filename").empty()) {
    ASSIGN_OR_RETURN(const std::vector<schema::Manifest> manifests, ReadManifests(session));
    for (const schema::Manifest& manifest : manifests)
      keys.push_back(schema::KeyOf(manifest.object));
    return keys;
  }
  ASSIGN_OR_RETURN(const std::vector<Selection> selections, ParseSelections(session.args(), verb));
  const bool chosen = session.flags().Bool("all") || !session.flags().Text("selector").empty() ||
                      !session.flags().Text("field-selector").empty();
  for (const Selection& selection : selections) {
    for (const std::string& name : selection.names)
      keys.push_back(session.KeyFor(*selection.kind, name));
    if (!selection.names.empty()) continue;
    if (!chosen) return InvalidArgument("resource(s) were provided, but no name was specified");
    ASSIGN_OR_RETURN(const std::vector<v1::Object> objects, ListSelected(session, *selection.kind));
    for (const v1::Object& object : objects) keys.push_back(schema::KeyOf(object));
  }
  return keys;
}

std::string_view DeletedSuffix(const Session& session) {
  return session.flags().Text("dry-run") == "server"   ? " (server dry run)"
         : session.flags().Text("dry-run") == "client" ? " (dry run)"
                                                       : "";
}

const schema::Kind& KindOfKey(const ObjectKey& key) {
  return *schema::KindRegistry::Get().FindByName(key.kind);
}

absl::StatusOr<v1::Propagation> PropagationOf(const Session& session) {
  const std::string text = session.flags().Text("cascade");
  if (text == "background") return v1::BACKGROUND;
  if (text == "foreground") return v1::FOREGROUND;
  if (text == "orphan") return v1::ORPHAN;
  return InvalidArgument(
      "invalid cascade value ({}). Must be \"background\", \"foreground\", or \"orphan\"", text);
}

// Sites that would go with the namespaces among `keys`.
absl::StatusOr<size_t> SitesInNamespaces(Session& session, const std::vector<ObjectKey>& keys) {
  size_t sites = 0;
  for (const ObjectKey& key : keys) {
    if (key.kind != "Namespace") continue;
    ASSIGN_OR_RETURN(client::Api * api, session.Api());
    v1::ListRequest request;
    request.mutable_selector()->set_kind("Site");
    request.mutable_selector()->set_namespace_(key.name);
    request.set_limit(kDeletedUnaskedMax + 1);
    ASSIGN_OR_RETURN(const client::List list, FromServer(api->ListObjects(request)));
    sites += list.items.size();
  }
  return sites;
}

// A brake for a selector that says more than was meant, and for a namespace that is still in use.
// What was named one by one was meant.
absl::Status CheckMany(Session& session, const std::vector<ObjectKey>& keys) {
  if (session.flags().Bool("yes") || session.flags().Text("dry-run") != "none")
    return absl::OkStatus();
  const bool by_selector = session.flags().Bool("all") ||
                           !session.flags().Text("selector").empty() ||
                           !session.flags().Text("field-selector").empty();
  if (by_selector && keys.size() > kDeletedUnaskedMax) {
    return InvalidArgument(
        "this would delete {} objects; look with --dry-run=client, and say --yes if that is meant",
        keys.size());
  }
  ASSIGN_OR_RETURN(const size_t sites, SitesInNamespaces(session, keys));
  if (sites <= kDeletedUnaskedMax) return absl::OkStatus();
  return InvalidArgument(
      "this would delete more than {} sites with their namespace; say --yes if that is meant",
      kDeletedUnaskedMax);
}

// What a deletion has left behind: still there, waiting for its finalizers.
struct Leaving {
  ObjectKey key;
  std::string uid;
};

absl::StatusOr<v1::DeleteResponse> DryRunDelete(client::Api* api, const ObjectKey& key) {
  ASSIGN_OR_RETURN(const v1::Object present, api->Get(key));
  v1::DeleteResponse response;
  response.set_gone(schema::Meta(present).has_creation_timestamp());
  return response;
}

absl::StatusOr<std::optional<Leaving>> DeleteOne(Session& session, const ObjectKey& key,
                                                 v1::Propagation propagation) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(key.kind);
  request.mutable_key()->set_namespace_(key.ns);
  request.mutable_key()->set_name(key.name);
  request.set_dry_run(session.flags().Text("dry-run") == "server");
  request.set_propagation(propagation);
  const bool here = session.flags().Text("dry-run") == "client";
  const absl::StatusOr<v1::DeleteResponse> response =
      here ? DryRunDelete(api, key) : api->Delete(request);
  if (absl::IsNotFound(response.status()) && session.flags().Bool("ignore-not-found"))
    return std::nullopt;
  RETURN_IF_ERROR(FromServer(response.status()));
  session.Out("{} \"{}\" deleted{}\n", KindOfKey(key).singular, key.name, DeletedSuffix(session));
  if (response->gone() || here || request.dry_run()) return std::nullopt;
  const bool known = schema::KindOf(response->object()) != nullptr;
  return Leaving{key, known ? schema::Meta(response->object()).uid() : ""};
}

absl::Duration Left(Session& session, absl::Duration timeout, absl::Duration start) {
  if (timeout <= absl::ZeroDuration()) return timeout;
  return std::max(timeout - (session.io().clock->Read().mono - start), absl::Milliseconds(1));
}

absl::Status TimedOut(const ObjectKey& key) {
  return DeadlineExceeded("timed out waiting for the condition on {}/{}", KindOfKey(key).plural,
                          key.name);
}

// Another object that has taken the name since is not the one that was to go.
absl::Status WaitUntilGone(Session& session, const Leaving& leaving, absl::Duration timeout) {
  const absl::Status end = WaitForObject(
      session, leaving.key, timeout, [&](const v1::Object* object) -> absl::StatusOr<Next> {
        const bool gone = object == nullptr ||
                          (!leaving.uid.empty() && schema::Meta(*object).uid() != leaving.uid);
        return gone ? Next::kStop : Next::kGoOn;
      });
  return absl::IsDeadlineExceeded(end) ? TimedOut(leaving.key) : end;
}

absl::Status WaitFor(Session& session, const ObjectKey& key, const Goal& goal,
                     absl::Duration timeout) {
  const bool may_be_absent = goal.type == Goal::Type::kDelete || goal.type == Goal::Type::kCreate;
  const absl::Status end =
      WaitForObject(session, key, timeout, [&](const v1::Object* object) -> absl::StatusOr<Next> {
        if (goal.Met(object)) return Next::kStop;
        if (object == nullptr && !may_be_absent) {
          return FromServer(NotFound("{} \"{}\" not found", KindOfKey(key).plural, key.name));
        }
        return Next::kGoOn;
      });
  if (absl::IsDeadlineExceeded(end)) return TimedOut(key);
  RETURN_IF_ERROR(end);
  session.Out("{}/{} condition met\n", KindOfKey(key).singular, key.name);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunDelete(Session& session) {
  ASSIGN_OR_RETURN(const absl::Duration timeout, session.DurationFlag("timeout"));
  ASSIGN_OR_RETURN(const v1::Propagation propagation, PropagationOf(session));
  RETURN_IF_ERROR(DryRunOf(session).status());  // Spelled wrong, it must not delete.
  ASSIGN_OR_RETURN(const std::vector<ObjectKey> keys, KeysOf(session, "delete"));
  if (keys.empty()) session.Err("No resources found\n");
  RETURN_IF_ERROR(CheckMany(session, keys));
  std::vector<Leaving> waiting;
  for (const ObjectKey& key : keys) {
    const absl::StatusOr<std::optional<Leaving>> leaving = DeleteOne(session, key, propagation);
    session.Report(leaving.status());
    if (leaving.ok() && leaving->has_value()) waiting.push_back(**leaving);
  }
  if (!session.flags().Bool("wait")) return absl::OkStatus();
  const absl::Duration start = session.io().clock->Read().mono;
  for (const Leaving& leaving : waiting) {
    RETURN_IF_ERROR(WaitUntilGone(session, leaving, Left(session, timeout, start)));
  }
  return absl::OkStatus();
}

absl::Status RunWait(Session& session) {
  ASSIGN_OR_RETURN(const Goal goal, ParseGoal(session.flags().Text("for")));
  ASSIGN_OR_RETURN(const absl::Duration timeout, session.DurationFlag("timeout"));
  ASSIGN_OR_RETURN(const std::vector<ObjectKey> keys, KeysOf(session, "wait for"));
  if (keys.empty() && goal.type != Goal::Type::kDelete)
    return InvalidArgument("no matching resources found");
  for (const ObjectKey& key : keys) RETURN_IF_ERROR(CheckGoal(goal, KindOfKey(key)));
  const absl::Duration start = session.io().clock->Read().mono;
  for (const ObjectKey& key : keys)
    session.Report(WaitFor(session, key, goal, Left(session, timeout, start)));
  return absl::OkStatus();
}

}  // namespace reeve::ctl
