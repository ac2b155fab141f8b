#include "controllers/testing/fake_api.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/status.h"
#include "client/finalizers.h"
#include "client/timestamps.h"
#include "controllers/runtime/world.h"
#include "proto/schema/finalizers.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/object.h"
#include "proto/schema/phases.h"

namespace reeve::controllers {
namespace {

// Takes field `name` of the kind's message from `from`; clears it when `from` is null.
void TakeField(const v1::Object* from, const std::string& name, v1::Object* to) {
  google::protobuf::Message* inner = schema::MutableInner(to);
  const auto* field = inner->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return;
  inner->GetReflection()->ClearField(inner, field);
  if (from == nullptr) return;
  const google::protobuf::Message& source = schema::Inner(*from);
  if (!source.GetReflection()->HasField(source, field)) return;
  inner->GetReflection()
      ->MutableMessage(inner, field)
      ->CopyFrom(source.GetReflection()->GetMessage(source, field));
}

void KeepServerOwned(const v1::ObjectMeta& from, v1::ObjectMeta* to) {
  to->set_uid(from.uid());
  to->set_generation(from.generation());
  *to->mutable_creation_timestamp() = from.creation_timestamp();
  to->clear_deletion_timestamp();
  if (from.has_deletion_timestamp()) *to->mutable_deletion_timestamp() = from.deletion_timestamp();
}

absl::Status CheckPhase(const v1::Object& before, const v1::Object& after) {
  const schema::Lifecycle* table =
      schema::FindLifecycle(schema::KindOf(after)->options.lifecycle());
  if (table == nullptr ||
      schema::TransitionAllowed(*table, schema::Phase(before), schema::Phase(after))) {
    return absl::OkStatus();
  }
  return FailedPrecondition("{} may not go from {} to {}", ToString(schema::KeyOf(after)),
                            schema::Phase(before), schema::Phase(after));
}

std::string What(std::string_view verb, const v1::Object& object) {
  return fmt::format("{} {}", verb, ToString(schema::KeyOf(object)));
}

}  // namespace

struct FakeApi::Stream final : public client::WatchStream {
  Stream(FakeApi* a, std::string k, size_t at)
      : api(a), kind(std::move(k)), next(at), breaks(a->breaks_) {}
  absl::StatusOr<std::optional<v1::WatchEvent>> Next() override { return api->NextFor(this); }

  FakeApi* const api;
  const std::string kind;
  std::deque<v1::WatchEvent> initial;
  size_t next;  // Into the log.
  int breaks;
};

absl::StatusOr<v1::Object> FakeApi::Get(const ObjectKey& key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return NotFound("{} not found", ToString(key));
  return it->second;
}

absl::StatusOr<client::List> FakeApi::ListObjects(const v1::ListRequest&) {
  return Unimplemented("not part of the fake");
}
absl::StatusOr<v1::ApplyResponse> FakeApi::Apply(const v1::ApplyRequest&) {
  return Unimplemented("not part of the fake");
}

absl::StatusOr<v1::Object> FakeApi::Patch(const v1::PatchRequest&) {
  return Unimplemented("not part of the fake");
}

v1::Object FakeApi::Commit(v1::WatchEvent::Type type, v1::Object object) {
  ++revision_;
  ++writes_;
  schema::MutableMeta(&object)->set_resource_version(std::to_string(revision_));
  v1::WatchEvent event;
  event.set_type(type);
  event.set_revision(revision_);
  *event.mutable_object() = object;
  log_.push_back(std::move(event));
  if (type == v1::WatchEvent::DELETED) {
    objects_.erase(schema::KeyOf(object));
  } else {
    objects_[schema::KeyOf(object)] = object;
  }
  return object;
}

// As the server answers: the object as it last was.
v1::Object FakeApi::Gone(v1::Object object) {
  Commit(v1::WatchEvent::DELETED, object);
  return object;
}

absl::StatusOr<v1::Object> FakeApi::Answer(const std::string& what, v1::Object object) {
  RETURN_IF_ERROR(after_write(what));
  return object;
}

absl::StatusOr<v1::Object> FakeApi::Create(const v1::CreateRequest& request) {
  v1::Object object = request.object();
  const std::string what = What("Create", object);
  RETURN_IF_ERROR(before_write(what));
  if (objects_.contains(schema::KeyOf(object))) return AlreadyExists("{} already exists", what);
  TakeField(nullptr, "status", &object);
  schema::ApplyDefaults(&object);
  v1::ObjectMeta* meta = schema::MutableMeta(&object);
  meta->set_uid(fmt::format("{:08x}-0000-4000-8000-000000000000", ++uids_));
  meta->set_generation(1);
  client::SetTime(meta->mutable_creation_timestamp(), clock_->Read().wall);
  if (object.has_site() && object.site().spec().has_process()) {
    object.mutable_site()->mutable_spec()->mutable_process()->set_user_id(next_user_++);
  }
  const schema::Lifecycle* table =
      schema::FindLifecycle(schema::KindOf(object)->options.lifecycle());
  if (table != nullptr) schema::SetPhase(&object, table->initial);
  return Answer(what, Commit(v1::WatchEvent::ADDED, std::move(object)));
}

absl::StatusOr<v1::Object*> FakeApi::Find(const v1::Object& like) {
  const auto it = objects_.find(schema::KeyOf(like));
  if (it == objects_.end()) return NotFound("{} not found", ToString(schema::KeyOf(like)));
  if (schema::Meta(it->second).resource_version() != schema::Meta(like).resource_version()) {
    return Aborted("{} has been modified", ToString(schema::KeyOf(like)));
  }
  return &it->second;
}

absl::StatusOr<v1::Object> FakeApi::Update(const v1::UpdateRequest& request) {
  const std::string what = What("Update", request.object());
  RETURN_IF_ERROR(before_write(what));
  ASSIGN_OR_RETURN(v1::Object* const before, Find(request.object()));
  v1::Object after = request.object();
  TakeField(before, "status", &after);
  KeepServerOwned(schema::Meta(*before), schema::MutableMeta(&after));
  schema::ApplyDefaults(&after);
  if (schema::Encode(*before) == schema::Encode(after)) return *before;
  v1::ObjectMeta* meta = schema::MutableMeta(&after);
  if (schema::SpecDiffers(*before, after)) meta->set_generation(meta->generation() + 1);
  if (client::IsDeleting(*meta) && meta->finalizers().empty())
    return Answer(what, Gone(std::move(after)));
  return Answer(what, Commit(v1::WatchEvent::MODIFIED, std::move(after)));
}

absl::StatusOr<v1::Object> FakeApi::UpdateStatus(const v1::UpdateRequest& request) {
  const std::string what = What("UpdateStatus", request.object());
  RETURN_IF_ERROR(before_write(what));
  ASSIGN_OR_RETURN(const v1::Object* const before, Find(request.object()));
  v1::Object after = *before;
  TakeField(&request.object(), "status", &after);
  RETURN_IF_ERROR(CheckPhase(*before, after));
  if (schema::Encode(*before) == schema::Encode(after)) return *before;
  return Answer(what, Commit(v1::WatchEvent::MODIFIED, std::move(after)));
}

// A namespace waits until it holds nothing.
void FakeApi::SetContentsFinalizer(v1::Object* ns) const {
  v1::ObjectMeta* meta = schema::MutableMeta(ns);
  const bool filled = std::any_of(objects_.begin(), objects_.end(), [&](const auto& entry) {
    return entry.first.ns == meta->name() && entry.first.kind != "Event";
  });
  client::RemoveFinalizer(meta, "reeve/contents");
  if (filled) client::AddFinalizer(meta, "reeve/contents");
}

absl::StatusOr<v1::DeleteResponse> FakeApi::Delete(const v1::DeleteRequest& request) {
  const auto it =
      objects_.find({request.key().kind(), request.key().namespace_(), request.key().name()});
  if (it == objects_.end()) return NotFound("{} not found", request.key().name());
  v1::Object object = it->second;
  const std::string what = What("Delete", object);
  RETURN_IF_ERROR(before_write(what));
  v1::ObjectMeta* meta = schema::MutableMeta(&object);
  if (!request.uid().empty() && request.uid() != meta->uid())
    return NotFound("{} has another uid", what);
  if (request.propagation() == v1::FOREGROUND)
    client::AddFinalizer(meta, schema::kForegroundFinalizer);
  if (request.propagation() == v1::ORPHAN) client::AddFinalizer(meta, schema::kOrphanFinalizer);
  if (object.has_namespace_()) SetContentsFinalizer(&object);
  v1::DeleteResponse response;
  response.set_gone(meta->finalizers().empty());
  if (response.gone()) {
    *response.mutable_object() = Gone(std::move(object));
  } else if (client::IsDeleting(*meta)) {
    *response.mutable_object() = object;
  } else {
    client::SetTime(meta->mutable_deletion_timestamp(), clock_->Read().wall);
    meta->set_generation(meta->generation() + 1);
    *response.mutable_object() = Commit(v1::WatchEvent::MODIFIED, std::move(object));
  }
  RETURN_IF_ERROR(after_write(what));
  return response;
}

absl::StatusOr<std::unique_ptr<client::WatchStream>> FakeApi::Watch(const v1::WatchRequest& request,
                                                                    std::function<void()>) {
  auto stream = std::make_unique<Stream>(this, request.selector().kind(), log_.size());
  if (!request.send_initial_events()) {
    while (stream->next > 0 && log_[stream->next - 1].revision() > request.revision())
      --stream->next;
    return stream;
  }
  schema::ListHash hash;
  for (const auto& [key, object] : objects_) {
    if (key.kind != stream->kind) continue;
    hash.Add(schema::Meta(object));
    v1::WatchEvent& event = stream->initial.emplace_back();
    event.set_type(v1::WatchEvent::ADDED);
    *event.mutable_object() = object;
  }
  v1::WatchEvent& snapshot = stream->initial.emplace_back();
  snapshot.set_type(v1::WatchEvent::SNAPSHOT);
  snapshot.set_revision(revision_);
  snapshot.mutable_summary()->set_revision(revision_);
  snapshot.mutable_summary()->set_epoch(epoch_);
  snapshot.mutable_summary()->set_count(hash.count());
  snapshot.mutable_summary()->set_hash(hash.Digest());
  return stream;
}

void FakeApi::Restore(std::string epoch, const std::string& kind) {
  std::erase_if(objects_, [&](const auto& object) { return object.first.kind == kind; });
  epoch_ = std::move(epoch);
  BreakStreams(absl::DataLossError("another epoch"));
}

void FakeApi::BreakStreams(absl::Status status) {
  ++breaks_;
  break_status_ = std::move(status);
}

absl::StatusOr<std::optional<v1::WatchEvent>> FakeApi::NextFor(Stream* stream) {
  if (stream->breaks != breaks_) return break_status_;
  if (frozen_.contains(stream->kind)) return std::nullopt;
  if (!stream->initial.empty()) {
    v1::WatchEvent event = std::move(stream->initial.front());
    stream->initial.pop_front();
    return event;
  }
  while (stream->next < log_.size()) {
    const v1::WatchEvent& event = log_[stream->next++];
    if (schema::KeyOf(event.object()).kind == stream->kind) return event;
  }
  return std::nullopt;
}

v1::Object FakeApi::MustCreate(v1::Object object) {
  v1::CreateRequest request;
  *request.mutable_object() = std::move(object);
  absl::StatusOr<v1::Object> made = Create(request);
  CHECK(made.ok(), made.status().ToString());
  return *std::move(made);
}

void FakeApi::MustDelete(const ObjectKey& key) {
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(key.kind);
  request.mutable_key()->set_namespace_(key.ns);
  request.mutable_key()->set_name(key.name);
  CHECK(Delete(request).ok(), ToString(key));
}

}  // namespace reeve::controllers
