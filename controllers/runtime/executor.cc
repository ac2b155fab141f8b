#include "controllers/runtime/executor.h"

#include "base/status.h"
#include "client/finalizers.h"
#include "proto/schema/object.h"

namespace reeve::controllers {
namespace {

v1::UpdateRequest UpdateOf(const v1::Object& object, const std::string& manager) {
  v1::UpdateRequest request;
  *request.mutable_object() = object;
  request.set_field_manager(manager);
  return request;
}

absl::Status Context(absl::Status status, std::string_view verb, const ObjectKey& key) {
  return Annotate(std::move(status), fmt::format("{} {}", verb, ToString(key)));
}

// The request may have been executed all the same.
bool NoAnswer(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsUnknown(status);
}

}  // namespace

bool Arrived(const AwaitedWrite& write, const World& world) {
  if (write.revision > 0) return world.RevisionOf(write.key.kind) >= write.revision;
  const v1::Object* object = world.Find(write.key);
  return object == nullptr || schema::Meta(*object).uid() != write.uid;
}

void EffectExecutor::Wrote(const v1::Object& object, Execution* out) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  // Without a finalizer left, the write was also the end of the object.
  const bool gone = client::IsDeleting(meta) && meta.finalizers().empty();
  out->writes.push_back({schema::KeyOf(object), meta.uid(), gone ? 0 : RevisionOf(object)});
  if (!gone) options_.absorb(object);
}

absl::Status EffectExecutor::Run(const CreateObject& effect, const std::string& manager,
                                 Execution* out) {
  v1::CreateRequest request;
  *request.mutable_object() = effect.object;
  request.set_field_manager(manager);
  const absl::StatusOr<v1::Object> made = options_.client->Create(request);
  if (NoAnswer(made.status())) out->uncertain.push_back(schema::KeyOf(effect.object));
  if (!made.ok()) return Context(made.status(), "creating", schema::KeyOf(effect.object));
  Wrote(*made, out);
  return absl::OkStatus();
}

absl::Status EffectExecutor::Run(const UpdateObject& effect, const std::string& manager,
                                 Execution* out) {
  const absl::StatusOr<v1::Object> written =
      options_.client->Update(UpdateOf(effect.object, manager));
  if (!written.ok()) return Context(written.status(), "updating", schema::KeyOf(effect.object));
  Wrote(*written, out);
  return absl::OkStatus();
}

absl::Status EffectExecutor::Run(const UpdateStatus& effect, const std::string& manager,
                                 Execution* out) {
  const absl::StatusOr<v1::Object> written =
      options_.client->UpdateStatus(UpdateOf(effect.object, manager));
  if (!written.ok())
    return Context(written.status(), "updating the status of", schema::KeyOf(effect.object));
  Wrote(*written, out);
  return absl::OkStatus();
}

absl::Status EffectExecutor::Run(const DeleteObject& effect, Execution* out) {
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(effect.key.kind);
  request.mutable_key()->set_namespace_(effect.key.ns);
  request.mutable_key()->set_name(effect.key.name);
  request.set_uid(effect.uid);
  request.set_propagation(effect.propagation);
  const absl::StatusOr<v1::DeleteResponse> answer = options_.client->Delete(request);
  if (absl::IsNotFound(answer.status())) return absl::OkStatus();  // As wanted.
  if (!answer.ok()) return Context(answer.status(), "deleting", effect.key);
  if (answer->gone()) {
    out->writes.push_back({effect.key, effect.uid, 0});
  } else {
    Wrote(answer->object(), out);
  }
  return absl::OkStatus();
}

Execution EffectExecutor::Look(const std::vector<ObjectKey>& uncertain) {
  Execution out;
  for (const ObjectKey& key : uncertain) {
    const absl::StatusOr<v1::Object> found = options_.client->Get(key);
    if (found.ok()) Wrote(*found, &out);
    if (!found.ok() && !absl::IsNotFound(found.status())) out.status = found.status();
  }
  return out;
}

Execution EffectExecutor::Execute(const Outcome& outcome, const std::string& manager, Now now) {
  Execution out;
  for (const Effect& effect : outcome.effects) {
    if (const auto* create = std::get_if<CreateObject>(&effect)) {
      out.status = Run(*create, manager, &out);
    } else if (const auto* update = std::get_if<UpdateObject>(&effect)) {
      out.status = Run(*update, manager, &out);
    } else if (const auto* update_status = std::get_if<UpdateStatus>(&effect)) {
      out.status = Run(*update_status, manager, &out);
    } else if (const auto* deletion = std::get_if<DeleteObject>(&effect)) {
      out.status = Run(*deletion, &out);
    } else if (const auto* event = std::get_if<RecordEvent>(&effect)) {
      options_.events->Record(*event, manager, now);
    } else if (const auto* fact = std::get_if<RequestFact>(&effect)) {
      options_.request_fact(fact->name);
    }
    if (!out.status.ok()) return out;
  }
  return out;
}

}  // namespace reeve::controllers
