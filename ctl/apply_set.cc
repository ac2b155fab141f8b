#include "ctl/apply_set.h"

#include <algorithm>
#include <set>

#include "base/field_path.h"
#include "base/status.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/verbs.h"
#include "proto/schema/formats.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

// More than these are pruned only with --yes.
constexpr size_t kPrunedUnaskedMax = 10;

absl::StatusOr<std::string> IdOf(Session& session) {
  const std::string name = session.flags().Text("applyset");
  if (name.empty()) {
    if (session.flags().Bool("prune"))
      return InvalidArgument("--prune needs --applyset NAME: which objects belong together");
    return std::string();
  }
  const std::string id = fmt::format("{}.{}", session.Namespace(), name);
  if (const std::string why = schema::WhyNotFormat(v1::LABEL_VALUE, id); !why.empty())
    return InvalidArgument("--applyset: \"{}\" {}", id, why);
  return id;
}

std::string SetOf(const v1::Object& object) {
  const auto& labels = schema::Meta(object).labels();
  const auto found = labels.find(std::string(kApplySetLabel));
  return found == labels.end() ? "" : found->second;
}

void Label(const std::string& id, schema::Manifest* manifest) {
  (*schema::MutableMeta(&manifest->object)->mutable_labels())[std::string(kApplySetLabel)] = id;
  manifest->positions[FieldPath().Child("metadata").Child("labels").AtKey(kApplySetLabel)] =
      manifest->start;
}

// Every object of any set that people apply, in all namespaces: hosts may give theirs any label.
absl::StatusOr<std::vector<v1::Object>> Members(Session& session) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  std::vector<v1::Object> members;
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    if (kind.options.controllers_only() || kind.options.host_access().write()) continue;
    v1::ListRequest request;
    request.mutable_selector()->set_kind(kind.name);
    request.mutable_selector()->set_labels(std::string(kApplySetLabel));
    ASSIGN_OR_RETURN(client::List list, FromServer(api->ListObjects(request)));
    for (v1::Object& object : list.items) members.push_back(std::move(object));
  }
  // What is in a namespace goes before it could go with it.
  std::stable_partition(members.begin(), members.end(), [](const v1::Object& object) {
    return !schema::Meta(object).namespace_().empty();
  });
  return members;
}

absl::Status CheckMany(Session& session, const ApplySet& set) {
  if (set.leaving.size() <= kPrunedUnaskedMax || session.flags().Bool("yes") ||
      session.flags().Text("dry-run") != "none") {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "this would prune {} objects; look with --dry-run=server, and say --yes if that is meant",
      set.leaving.size());
}

absl::Status PruneOne(Session& session, const v1::Object& object) {
  const bool server = session.flags().Text("dry-run") == "server";
  const bool here = session.flags().Text("dry-run") == "client";
  if (!here) {
    ASSIGN_OR_RETURN(client::Api * api, session.Api());
    const ObjectKey key = schema::KeyOf(object);
    v1::DeleteRequest request;
    request.mutable_key()->set_kind(key.kind);
    request.mutable_key()->set_namespace_(key.ns);
    request.mutable_key()->set_name(key.name);
    request.set_uid(schema::Meta(object).uid());
    request.set_dry_run(server);
    const absl::Status status = api->Delete(request).status();
    if (absl::IsNotFound(status)) return absl::OkStatus();  // As wanted.
    RETURN_IF_ERROR(FromServer(status));
  }
  session.Out("{} pruned{}\n", RefOf(object),
              server ? " (server dry run)" : (here ? " (dry run)" : ""));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ApplySet> JoinApplySet(Session& session, std::vector<schema::Manifest>* manifests) {
  ApplySet set;
  ASSIGN_OR_RETURN(set.id, IdOf(session));
  if (set.id.empty()) return set;
  set.prune = session.flags().Bool("prune");
  std::set<ObjectKey> wanted;
  for (schema::Manifest& manifest : *manifests) {
    Label(set.id, &manifest);
    wanted.insert(schema::KeyOf(manifest.object));
  }
  const bool offline = session.flags().Text("dry-run") == "client" && !set.prune;
  if (offline) return set;
  ASSIGN_OR_RETURN(std::vector<v1::Object> members, Members(session));
  for (v1::Object& member : members) {
    const ObjectKey key = schema::KeyOf(member);
    if (wanted.contains(key) && SetOf(member) != set.id) {
      return InvalidArgument("{} is part of the apply set {}, not of {}", ToString(key),
                             SetOf(member), set.id);
    }
    const bool going = schema::Meta(member).has_deletion_timestamp();
    if (SetOf(member) == set.id && !wanted.contains(key) && !going)
      set.leaving.push_back(std::move(member));
  }
  if (set.prune) RETURN_IF_ERROR(CheckMany(session, set));
  return set;
}

void Prune(Session& session, const ApplySet& set) {
  if (!set.prune) return;
  for (const v1::Object& object : set.leaving) session.Report(PruneOne(session, object));
}

}  // namespace reeve::ctl
