// ctl apply and ctl create; and writes of single fields.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "ctl/apply_set.h"
#include "ctl/columns.h"
#include "ctl/errors.h"
#include "ctl/manifests.h"
#include "ctl/patching.h"
#include "ctl/readiness.h"
#include "ctl/verbs.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/scalar.h"
#include "proto/schema/validate.h"

namespace reeve::ctl {
namespace {

using Manifests = std::vector<schema::Manifest>;

std::string_view Done(v1::ApplyResult::Action action) {
  if (action == v1::ApplyResult::CREATED) return "created";
  return action == v1::ApplyResult::CONFIGURED ? "configured" : "unchanged";
}

absl::Status ApplyBatch(Session& session, const Manifests& manifests, DryRun dry_run) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  const v1::ApplyRequest request = ApplyRequestFor(session, manifests, dry_run == DryRun::kServer);
  const absl::StatusOr<v1::ApplyResponse> response = FromServer(api->Apply(request));
  if (!response.ok()) return Located(response.status(), manifests);
  for (const v1::ApplyResult& result : response->results()) {
    session.Out("{} {}{}\n", RefOf(result.object()), Done(result.action()), DryRunSuffix(dry_run));
  }
  return absl::OkStatus();
}

// One transaction each: as many objects as the server takes at once.
std::vector<Manifests> Batches(Manifests manifests) {
  std::vector<Manifests> batches;
  for (schema::Manifest& manifest : manifests) {
    if (batches.empty() || batches.back().size() == kApplyObjectsMax) batches.emplace_back();
    batches.back().push_back(std::move(manifest));
  }
  return batches;
}

// What can be known without a server: that the objects are well formed.
absl::Status DryRunHere(Session& session, const Manifests& manifests, std::string_view done) {
  for (const schema::Manifest& manifest : manifests) {
    const ObjectKey key = schema::KeyOf(manifest.object);
    v1::Object complete = manifest.object;  // As the server would make it, before it looks.
    schema::Canonicalize(&complete);
    schema::ApplyDefaults(&complete);
    RETURN_IF_ERROR(Located(schema::ToStatus(schema::Validate(complete), key), {manifest}));
    session.Out("{} {} (dry run)\n", RefOf(manifest.object), done);
  }
  return absl::OkStatus();
}

absl::Status WaitForAll(Session& session, const Manifests& manifests) {
  ASSIGN_OR_RETURN(const absl::Duration timeout, session.DurationFlag("timeout"));
  const absl::Duration start = session.io().clock->Read().mono;
  for (const schema::Manifest& manifest : manifests) {
    const absl::Duration left = timeout - (session.io().clock->Read().mono - start);
    RETURN_IF_ERROR(WaitUntilReady(session, schema::KeyOf(manifest.object),
                                   std::max(left, absl::Milliseconds(1))));
  }
  return absl::OkStatus();
}

absl::Status CreateOne(Session& session, const schema::Manifest& manifest, DryRun dry_run) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::CreateRequest request;
  *request.mutable_object() = manifest.object;
  request.set_field_manager(session.flags().Text("field-manager"));
  request.set_dry_run(dry_run == DryRun::kServer);
  const absl::StatusOr<v1::Object> created = api->Create(request);
  if (!created.ok()) {
    const std::string doing = fmt::format("error when creating \"{}\"", manifest.source);
    return Located(FromServer(created.status(), doing), {manifest});
  }
  session.Out("{} created{}\n", RefOf(*created), DryRunSuffix(dry_run));
  return absl::OkStatus();
}

}  // namespace

v1::ApplyRequest ApplyRequestFor(Session& session, const std::vector<schema::Manifest>& manifests,
                                 bool dry_run) {
  v1::ApplyRequest request;
  request.set_field_manager(session.flags().Text("field-manager"));
  request.set_force(session.flags().Bool("force-conflicts"));
  request.set_dry_run(dry_run);
  for (const schema::Manifest& manifest : manifests) {
    *request.add_objects() = manifest.object;
    v1::FieldSet* mentioned = request.add_mentioned();
    for (const auto& [path, position] : manifest.positions) {
      if (!path.empty()) mentioned->add_paths(path.ToString());
    }
  }
  return request;
}

absl::Status RunApply(Session& session) {
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  ASSIGN_OR_RETURN(Manifests manifests, ReadManifests(session));
  if (manifests.empty()) return InvalidArgument("no objects passed to apply");
  ASSIGN_OR_RETURN(const ApplySet set, JoinApplySet(session, &manifests));
  if (dry_run == DryRun::kClient) {
    RETURN_IF_ERROR(DryRunHere(session, manifests, "applied"));
    Prune(session, set);
    return absl::OkStatus();
  }
  for (const Manifests& batch : Batches(manifests))
    RETURN_IF_ERROR(ApplyBatch(session, batch, dry_run));
  Prune(session, set);  // Only when all was applied.
  const bool wait = session.flags().Bool("wait") && dry_run == DryRun::kNone;
  return wait ? WaitForAll(session, manifests) : absl::OkStatus();
}

absl::Status RunCreate(Session& session) {
  ASSIGN_OR_RETURN(const DryRun dry_run, DryRunOf(session));
  ASSIGN_OR_RETURN(const Manifests manifests, ReadManifests(session));
  if (manifests.empty()) return InvalidArgument("no objects passed to create");
  if (dry_run == DryRun::kClient) return DryRunHere(session, manifests, "created");
  for (const schema::Manifest& manifest : manifests)
    session.Report(CreateOne(session, manifest, dry_run));
  return absl::OkStatus();
}

absl::Status SetSpecField(v1::Object* object, std::string_view field, std::string_view value) {
  google::protobuf::Message* inner = schema::MutableInner(object);
  const google::protobuf::FieldDescriptor* spec = schema::FindField(inner->GetDescriptor(), "spec");
  const google::protobuf::FieldDescriptor* target =
      spec == nullptr ? nullptr : schema::FindField(spec->message_type(), field);
  const bool known = target != nullptr && !target->is_repeated() && !schema::IsSubmessage(target);
  if (!known) return InvalidArgument("{} has no spec.{}", schema::KindOf(*object)->plural, field);
  if (!schema::ParseScalar(inner->GetReflection()->MutableMessage(inner, spec), target, value)) {
    return InvalidArgument("spec.{}: {}", field, schema::ExpectedScalar(target));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ApplyResult> ApplyField(Session& session, const v1::Object& object,
                                           const std::string& path, const std::string& manager) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::ApplyRequest request;
  request.set_field_manager(manager);
  request.set_force(true);  // The person says what is to be, whoever said it before.
  *request.add_objects() = object;
  request.add_mentioned()->add_paths(path);
  ASSIGN_OR_RETURN(const v1::ApplyResponse response, FromServer(api->Apply(request)));
  if (response.results_size() != 1)
    return Internal("the server answered {} results for one object", response.results_size());
  return response.results(0);
}

}  // namespace reeve::ctl
