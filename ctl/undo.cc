// ctl undo: an earlier version's intent, as a new write.
//
// Where the manifest that one manager applied then says all of it, undo applies that manifest again
// in the manager's name: every field gets back the owner it had, and the next `ctl apply` of the
// old file meets no conflict. Else, or when several had a part in it, it is an update by ctl, which
// fails if the object has changed meanwhile.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "client/timestamps.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/pick.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "ctl/versions.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

struct Plan {
  const v1::Object* live = nullptr;  // Null: it was deleted.
  const v1::ObjectVersion* target = nullptr;
  v1::Object wanted;  // What is to be, as a whole.
};

absl::StatusOr<const v1::ObjectVersion*> VersionAt(const Versions& versions, int64_t revision,
                                                   const std::string& ref) {
  const auto found = std::ranges::find_if(
      versions, [&](const v1::ObjectVersion& v) { return v.revision() <= revision; });
  if (found == versions.end()) {
    return OutOfRange("the history of {} is kept from revision {} on", ref,
                      versions.rbegin()->revision());
  }
  if (!found->deleted()) return &*found;
  return FailedPrecondition("{} was not there at revision {}: it was deleted at revision {}", ref,
                            revision, found->revision());
}

absl::StatusOr<const v1::ObjectVersion*> LastBeforeDeletion(const Versions& versions,
                                                            const std::string& ref) {
  if (versions.size() > 1 && !versions[1].deleted()) return &versions[1];
  return OutOfRange("what {} was before it was deleted at revision {} is no longer kept", ref,
                    versions[0].revision());
}

// The newest version of this life that has another spec, or, if there is none, other labels or
// annotations.
absl::StatusOr<const v1::ObjectVersion*> BeforeLastChange(const Versions& versions,
                                                          const std::string& ref) {
  const v1::ObjectVersion& live = versions[0];
  const v1::ObjectVersion* other_labels = nullptr;
  for (const v1::ObjectVersion& version : versions) {
    if (version.deleted() || !SameLife(version, live)) break;
    if (schema::SpecDiffers(version.object(), live.object())) return &version;
    if (other_labels == nullptr && !SameLabels(version.object(), live.object()))
      other_labels = &version;
  }
  if (other_labels != nullptr) return other_labels;
  return FailedPrecondition("nothing to undo: no version of {} with another spec is kept", ref);
}

absl::StatusOr<const v1::ObjectVersion*> TargetOf(Session& session, const Versions& versions,
                                                  const std::string& ref) {
  const std::string to = session.flags().Text("to");
  if (to.empty()) {
    return versions[0].deleted() ? LastBeforeDeletion(versions, ref)
                                 : BeforeLastChange(versions, ref);
  }
  v1::GetRequest moment;
  RETURN_IF_ERROR(ParseMoment(to, "to", session.io().clock->Read().wall, &moment));
  if (moment.revision() == 0)
    return InvalidArgument("invalid argument \"{}\" for \"--to\": use a revision", to);
  return VersionAt(versions, moment.revision(), ref);
}

absl::StatusOr<Plan> MakePlan(Session& session, const Versions& versions, const std::string& ref) {
  Plan plan;
  ASSIGN_OR_RETURN(plan.target, TargetOf(session, versions, ref));
  const v1::Object& past = plan.target->object();
  if (!versions[0].deleted()) plan.live = &versions[0].object();
  if (plan.live != nullptr && schema::Meta(*plan.live).has_deletion_timestamp())
    return FailedPrecondition("{} is being deleted: wait until it is gone, then undo that", ref);
  if (HasUnknownFields(past)) {
    return FailedPrecondition(
        "revision {} of {} has fields that this ctl does not know: use a newer one",
        plan.target->revision(), ref);
  }
  if (plan.live != nullptr && SameIntent(*plan.live, past)) {
    return FailedPrecondition("nothing to undo: {} is as it was at revision {}", ref,
                              plan.target->revision());
  }
  plan.wanted = plan.live != nullptr ? *plan.live : Pick(past, {});
  CopyIntent(past, &plan.wanted);
  return plan;
}

// The managers whose manifests made the version, the last one first.
std::vector<v1::ManagedFieldsEntry> AppliedBy(const v1::Object& object) {
  std::vector<v1::ManagedFieldsEntry> entries;
  for (const v1::ManagedFieldsEntry& entry : schema::Meta(object).managed_fields()) {
    if (entry.operation() == "Apply" && entry.subresource().empty()) entries.push_back(entry);
  }
  std::ranges::stable_sort(entries, std::ranges::greater(), [](const v1::ManagedFieldsEntry& e) {
    return client::ToTime(e.time());
  });
  return entries;
}

v1::ApplyRequest Reapply(const Plan& plan, const v1::ManagedFieldsEntry& entry) {
  std::set<FieldPath> paths;
  for (const std::string& text : entry.fields()) {
    if (absl::StatusOr<FieldPath> path = FieldPath::Parse(text); path.ok())
      paths.insert(*std::move(path));
  }
  v1::ApplyRequest request;
  request.set_field_manager(entry.manager());
  request.set_force(true);
  request.set_dry_run(true);
  *request.add_objects() = Pick(plan.target->object(), paths);
  // Only over what was looked at: whoever changed it meanwhile wins, and the user is told.
  if (plan.live != nullptr) {
    schema::MutableMeta(request.mutable_objects(0))
        ->set_resource_version(schema::Meta(*plan.live).resource_version());
  }
  return request;
}

// A request that makes all that is wanted, if there is one.
std::optional<v1::ApplyRequest> FindReapply(client::Api* api, const Plan& plan) {
  for (const v1::ManagedFieldsEntry& entry : AppliedBy(plan.target->object())) {
    v1::ApplyRequest request = Reapply(plan, entry);
    const absl::StatusOr<v1::ApplyResponse> would = api->Apply(request);
    if (!would.ok() || would->results_size() != 1) continue;
    if (!SameIntent(would->results(0).object(), plan.wanted)) continue;
    request.set_dry_run(false);
    return request;
  }
  return std::nullopt;
}

absl::Status Write(Session& session, client::Api* api, const Plan& plan, bool dry_run) {
  if (std::optional<v1::ApplyRequest> request = FindReapply(api, plan)) {
    return dry_run ? absl::OkStatus() : FromServer(api->Apply(*request).status());
  }
  const std::string manager = session.flags().Text("field-manager");
  if (plan.live == nullptr) {
    v1::CreateRequest request;
    *request.mutable_object() = plan.wanted;
    request.set_field_manager(manager);
    request.set_dry_run(dry_run);
    return FromServer(api->Create(request).status());
  }
  v1::UpdateRequest request;
  *request.mutable_object() = plan.wanted;
  request.set_field_manager(manager);
  request.set_dry_run(dry_run);
  return FromServer(api->Update(request).status());
}

absl::StatusOr<bool> IsDryRun(const Session& session) {
  const std::string text = session.flags().Text("dry-run");
  if (text == "none" || text == "server") return text == "server";
  return InvalidArgument("Invalid dry-run value ({}). Must be \"none\" or \"server\".", text);
}

}  // namespace

absl::Status RunUndo(Session& session) {
  ASSIGN_OR_RETURN(const One one, ParseOne(session.args(), "undo"));
  ASSIGN_OR_RETURN(const bool dry_run, IsDryRun(session));
  ASSIGN_OR_RETURN(const Versions versions,
                   GetVersions(session, session.KeyFor(*one.kind, one.name)));
  if (versions.empty()) return Internal("the server answered a history without versions");
  const std::string ref = RefOf(versions[0].object());
  ASSIGN_OR_RETURN(const Plan plan, MakePlan(session, versions, ref));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  RETURN_IF_ERROR(Write(session, api, plan, dry_run));
  session.Out("{} {} revision {}{}\n", ref,
              plan.live != nullptr ? "rolled back to" : "made again from", plan.target->revision(),
              dry_run ? " (server dry run)" : "");
  return absl::OkStatus();
}

}  // namespace reeve::ctl
