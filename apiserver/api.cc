#include "apiserver/api.h"

#include <utility>

#include "apiserver/list_cursor.h"
#include "apiserver/timestamps.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// REQUIRES: the registry's kinds are those of v1::Object.
v1::Object Take(ObjectPtr object) { return std::move(static_cast<v1::Object&>(*object)); }

ObjectKey KeyOf(const v1::Key& key) { return {key.kind(), key.namespace_(), key.name()}; }

absl::StatusOr<Moment> MomentOf(const v1::GetRequest& request) {
  if (request.revision() != 0 && request.has_time())
    return InvalidArgument("revision, time: only one of them may be given");
  if (request.revision() < 0) return InvalidArgument("revision: must not be negative");
  if (!request.has_time()) return Moment{.revision = request.revision()};
  return Moment{.time = FromTimestamp(request.time())};
}

void ToProto(PastObject past, v1::ObjectVersion* version) {
  version->set_revision(past.revision);
  version->set_manager(past.manager);
  version->set_deleted(past.deleted);
  if (past.time != absl::InfinitePast()) *version->mutable_time() = ToTimestamp(past.time);
  *version->mutable_object() = Take(std::move(past.object));
}

WriteOptions OptionsOf(const std::string& manager, bool dry_run) {
  return {.manager = manager, .dry_run = dry_run};
}

}  // namespace

bool OfThePast(const v1::GetRequest& request) {
  return request.revision() != 0 || request.has_time();
}

absl::StatusOr<v1::Object> Api::Get(const Identity& who, const v1::GetRequest& request) {
  const bool past = OfThePast(request);
  ASSIGN_OR_RETURN(const Moment moment, MomentOf(request));
  ASSIGN_OR_RETURN(ObjectPtr object, past ? registry_->GetAt(who, KeyOf(request.key()), moment)
                                          : registry_->Get(who, KeyOf(request.key())));
  return Take(std::move(object));
}

absl::StatusOr<std::string> Api::GetEncoded(const Identity& who, const v1::GetRequest& request) {
  if (!OfThePast(request)) return registry_->GetEncoded(who, KeyOf(request.key()));
  ASSIGN_OR_RETURN(const v1::Object object, Get(who, request));
  return schema::Encode(object);
}

absl::StatusOr<v1::HistoryResponse> Api::History(const Identity& who,
                                                 const v1::HistoryRequest& request) {
  if (request.limit() < 0) return InvalidArgument("limit: must not be negative");
  ASSIGN_OR_RETURN(std::vector<PastObject> versions,
                   registry_->History(who, KeyOf(request.key()), request.limit()));
  v1::HistoryResponse response;
  for (PastObject& past : versions) ToProto(std::move(past), response.add_versions());
  return response;
}

absl::StatusOr<v1::ListSummary> Api::List(const Identity& who, const v1::ListRequest& request,
                                          const std::function<void(v1::Object)>& visit) {
  return registry_->List(who, request, [&](ObjectPtr object) { visit(Take(std::move(object))); });
}

absl::StatusOr<std::unique_ptr<ListCursor>> Api::OpenList(const Identity& who,
                                                          const v1::ListRequest& request) {
  return registry_->OpenList(who, request);
}

absl::StatusOr<std::unique_ptr<Subscription>> Api::Watch(const Identity& who,
                                                         const v1::WatchRequest& request,
                                                         std::function<void()> wake) {
  return hub_->Watch(who, request, std::move(wake));
}

absl::StatusOr<v1::ApplyResponse> Api::Apply(const Identity& who, const v1::ApplyRequest& request) {
  return Apply(who, request, /*status=*/false);
}

absl::StatusOr<v1::ApplyResponse> Api::ApplyStatus(const Identity& who,
                                                   const v1::ApplyRequest& request) {
  return Apply(who, request, /*status=*/true);
}

absl::StatusOr<v1::ApplyResponse> Api::Apply(const Identity& who, const v1::ApplyRequest& request,
                                             bool status) {
  if (request.mentioned_size() != 0 && request.mentioned_size() != request.objects_size()) {
    return InvalidArgument("mentioned: must have one entry for each of objects");
  }
  std::vector<ApplyItem> items;
  for (int i = 0; i < request.objects_size(); ++i) {
    ApplyItem& item = items.emplace_back();
    item.object = &request.objects(i);
    if (i < request.mentioned_size()) {
      item.mentioned.assign(request.mentioned(i).paths().begin(),
                            request.mentioned(i).paths().end());
    }
  }
  WriteOptions options = OptionsOf(request.field_manager(), request.dry_run());
  options.force = request.force();
  options.status = status;
  ASSIGN_OR_RETURN(ApplyOutcome outcome, registry_->Apply(who, items, options));
  v1::ApplyResponse response;
  response.set_revision(outcome.revision);
  for (Applied& applied : outcome.results) {
    v1::ApplyResult* result = response.add_results();
    result->set_action(applied.action);
    *result->mutable_object() = Take(std::move(applied.object));
  }
  return response;
}

absl::StatusOr<v1::Object> Api::Create(const Identity& who, const v1::CreateRequest& request) {
  ASSIGN_OR_RETURN(ObjectPtr object,
                   registry_->Create(who, request.object(),
                                     OptionsOf(request.field_manager(), request.dry_run())));
  return Take(std::move(object));
}

absl::StatusOr<v1::Object> Api::Update(const Identity& who, const v1::UpdateRequest& request) {
  ASSIGN_OR_RETURN(ObjectPtr object,
                   registry_->Update(who, request.object(),
                                     OptionsOf(request.field_manager(), request.dry_run())));
  return Take(std::move(object));
}

absl::StatusOr<v1::Object> Api::UpdateStatus(const Identity& who,
                                             const v1::UpdateRequest& request) {
  ASSIGN_OR_RETURN(ObjectPtr object,
                   registry_->UpdateStatus(who, request.object(),
                                           OptionsOf(request.field_manager(), request.dry_run())));
  return Take(std::move(object));
}

absl::StatusOr<v1::Object> Api::Patch(const Identity& who, const v1::PatchRequest& request) {
  ASSIGN_OR_RETURN(ObjectPtr object, registry_->Patch(who, request));
  return Take(std::move(object));
}

absl::StatusOr<v1::DeleteResponse> Api::Delete(const Identity& who,
                                               const v1::DeleteRequest& request) {
  ASSIGN_OR_RETURN(Deleted deleted, registry_->Delete(who, request));
  v1::DeleteResponse response;
  response.set_gone(deleted.gone);
  *response.mutable_object() = Take(std::move(deleted.object));
  return response;
}

// The groups of Kubernetes where there is one: "system:masters" may do everything,
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
v1::WhoAmIResponse Api::WhoAmI(const Identity& who) const {
  v1::WhoAmIResponse response;
  response.set_name(who.name);
  switch (who.role) {
    case Identity::Role::kAdmin:
      response.add_groups("system:masters");
      break;
    case Identity::Role::kHost:
      response.add_groups("reeve:hosts");
      break;
    case Identity::Role::kController:
      response.add_groups("reeve:controllers");
      break;
    case Identity::Role::kAnonymous:
      response.set_name("system:anonymous");
      response.add_groups("system:unauthenticated");
      return response;
  }
  response.add_groups("system:authenticated");
  return response;
}

v1::VersionResponse Api::Version() const {
  v1::VersionResponse response;
  response.set_version(REEVE_VERSION);
  response.set_epoch(registry_->store()->epoch());
  response.set_revision(registry_->store()->revision());
  return response;
}

}  // namespace reeve::apiserver
