// A server in memory, as much of one as ctl's tests need: objects, watches, blobs; no rules.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "client/client.h"
#include "proto/schema/json_patch.h"
#include "proto/schema/object.h"
#include "proto/schema/reflect.h"
#include "proto/schema/selector.h"
#include "proto/schema/validate.h"

namespace reeve::ctl {

// Runs on the thread of its caller only. What a test wants to happen "later" it does in `on_apply`
// or `on_idle`.
class FakeApi final : public client::Api {
 public:
  // After every Apply and Delete that is not a dry run, with the object as it then is.
  std::function<void(const v1::Object&)> on_apply;
  // When a watch has nothing more to say: may change objects, so that the watch goes on.
  std::function<void()> on_idle;
  // Answers every call, if set.
  absl::Status broken;
  // Answers Apply and Create, if set.
  absl::Status refusal;
  v1::ApplyRequest last_apply;
  v1::DeleteRequest last_delete;
  v1::PatchRequest last_patch;
  int blobs_received = 0;
  std::string blob_bytes;

  void Put(v1::Object object) {
    v1::ObjectMeta* meta = schema::MutableMeta(&object);
    meta->set_resource_version(std::to_string(++revision_));
    if (meta->uid().empty()) meta->set_uid("uid-" + meta->name());
    if (meta->generation() == 0) meta->set_generation(1);
    if (!meta->has_creation_timestamp())
      meta->mutable_creation_timestamp()->set_seconds(1767225600 - 41);
    const bool fresh = !objects_.contains(schema::KeyOf(object));
    objects_[schema::KeyOf(object)] = object;
    Publish(fresh ? v1::WatchEvent::ADDED : v1::WatchEvent::MODIFIED, object);
  }
  void Remove(const ObjectKey& key) {
    const v1::Object last = objects_.at(key);
    objects_.erase(key);
    ++revision_;
    Publish(v1::WatchEvent::DELETED, last);
  }
  const v1::Object* Find(const ObjectKey& key) const {
    const auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : &it->second;
  }

  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override {
    RETURN_IF_ERROR(broken);
    if (const v1::Object* object = Find(key)) return *object;
    return NotFound("{} \"{}\" not found", schema::KindRegistry::Get().FindByName(key.kind)->plural,
                    key.name);
  }

  absl::StatusOr<client::List> ListObjects(const v1::ListRequest& request) override {
    RETURN_IF_ERROR(broken);
    client::List list;
    ASSIGN_OR_RETURN(list.items, Matching(request.selector()));
    return list;
  }

  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) override {
    RETURN_IF_ERROR(broken);
    RETURN_IF_ERROR(refusal);
    last_apply = request;
    v1::ApplyResponse response;
    for (int i = 0; i < request.objects_size(); ++i) *response.add_results() = ApplyOne(request, i);
    return response;
  }

  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) override {
    RETURN_IF_ERROR(broken);
    RETURN_IF_ERROR(refusal);
    const ObjectKey key = schema::KeyOf(request.object());
    if (Find(key) != nullptr) {
      return AlreadyExists("{} \"{}\" already exists", schema::KindOf(request.object())->plural,
                           key.name);
    }
    if (!request.dry_run()) Put(request.object());
    return request.object();
  }

  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest&) override {
    return Unimplemented("Update");
  }
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest&) override {
    return Unimplemented("UpdateStatus");
  }

  // As the server does it; without managedFields.
  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) override {
    RETURN_IF_ERROR(broken);
    RETURN_IF_ERROR(refusal);
    last_patch = request;
    ASSIGN_OR_RETURN(const v1::Object live,
                     Get({request.key().kind(), request.key().namespace_(), request.key().name()}));
    ASSIGN_OR_RETURN(const auto patched, schema::Patched(live, request.type(), request.document()));
    const v1::Object after = static_cast<const v1::Object&>(*patched);
    if (schema::Meta(after).resource_version() != schema::Meta(live).resource_version()) {
      return Aborted("Operation cannot be fulfilled on {} \"{}\": the object has been modified",
                     schema::KindOf(live)->plural, request.key().name());
    }
    RETURN_IF_ERROR(schema::ToStatus(schema::Validate(after), schema::KeyOf(after)));
    if (!request.dry_run() && schema::Encode(after) != schema::Encode(live)) Put(after);
    return request.dry_run() ? after : *Find(schema::KeyOf(live));
  }

  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) override {
    RETURN_IF_ERROR(broken);
    last_delete = request;
    const ObjectKey key{request.key().kind(), request.key().namespace_(), request.key().name()};
    ASSIGN_OR_RETURN(const v1::Object object, Get(key));
    v1::DeleteResponse response;
    *response.mutable_object() = object;
    response.set_gone(schema::Meta(object).finalizers().empty());
    if (request.dry_run()) return response;
    if (response.gone()) Remove(key);
    if (on_apply) on_apply(object);
    return response;
  }

  absl::StatusOr<std::unique_ptr<client::WatchStream>> Watch(const v1::WatchRequest& request,
                                                             std::function<void()> wake) override;

  absl::StatusOr<v1::Blob> PutBlob(
      const std::string& ns, const std::string& digest, const std::string&,
      const std::function<absl::StatusOr<bool>(std::string*)>& read) override {
    ++blobs_received;
    blob_bytes.clear();
    for (bool more = true; more;) {
      ASSIGN_OR_RETURN(more, read(&blob_bytes));
    }
    v1::Blob blob;
    blob.mutable_metadata()->set_namespace_(ns);
    blob.mutable_metadata()->set_name(digest);
    Put(schema::Wrap(blob));
    return blob;
  }
  absl::Status GetBlob(const std::string&, const std::string&,
                       const std::function<absl::Status(std::string_view)>&) override {
    return Unimplemented("GetBlob");
  }

  absl::StatusOr<v1::Object> GetAt(const v1::GetRequest&) override {
    return Unimplemented("GetAt");
  }
  absl::StatusOr<v1::HistoryResponse> History(const v1::HistoryRequest&) override {
    return Unimplemented("History");
  }

  absl::StatusOr<v1::WhoAmIResponse> WhoAmI() override {
    RETURN_IF_ERROR(broken);
    v1::WhoAmIResponse response;
    response.set_name("admin");
    response.add_groups("system:masters");
    response.add_groups("system:authenticated");
    return response;
  }
  absl::StatusOr<v1::StoreBackup> CreateBackup() override { return Unimplemented("CreateBackup"); }
  absl::StatusOr<std::vector<v1::StoreBackup>> ListBackups() override {
    return Unimplemented("ListBackups");
  }
  absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string&) override {
    return Unimplemented("VerifyBackup");
  }

  absl::StatusOr<v1::VersionResponse> Version() override {
    RETURN_IF_ERROR(broken);
    v1::VersionResponse response;
    response.set_version("0.1.0");
    response.set_epoch("e1");
    response.set_revision(revision_);
    return response;
  }
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest& request) override {
    v1::CreateTokenResponse response;
    response.set_token("reeve1." + request.host() + ".secret");
    response.set_ca_sha256("abc");
    response.set_join_endpoint("10.0.0.1:7444");
    return response;
  }

 private:
  struct Stream final : client::WatchStream {
    absl::StatusOr<std::optional<v1::WatchEvent>> Next() override {
      if (queue->empty() && api->on_idle) api->on_idle();
      if (queue->empty()) return std::nullopt;
      std::optional<v1::WatchEvent> event = std::move(queue->front());
      queue->pop_front();
      return event;
    }
    FakeApi* api = nullptr;
    std::shared_ptr<std::deque<v1::WatchEvent>> queue =
        std::make_shared<std::deque<v1::WatchEvent>>();
  };
  struct Subscriber {
    schema::Matcher matcher;
    std::weak_ptr<std::deque<v1::WatchEvent>> queue;
  };

  absl::StatusOr<std::vector<v1::Object>> Matching(const v1::Selector& selector) {
    ASSIGN_OR_RETURN(const schema::Matcher matcher, schema::Matcher::Parse(selector));
    std::vector<v1::Object> found;
    for (const auto& [key, object] : objects_) {
      if (key.kind == matcher.kind().name && matcher.Matches(object)) found.push_back(object);
    }
    return found;
  }

  // Whole spec and labels of a manifest; or the one field that is mentioned.
  v1::ApplyResult ApplyOne(const v1::ApplyRequest& request, int i) {
    const v1::Object& wanted = request.objects(i);
    const v1::Object* present = Find(schema::KeyOf(wanted));
    v1::Object next = present == nullptr ? wanted : *present;
    if (present != nullptr) Merge(wanted, request.mentioned(i), &next);
    v1::ApplyResult result;
    result.set_action(v1::ApplyResult::CREATED);
    const bool same = present != nullptr && !schema::SpecDiffers(*present, next);
    if (present != nullptr)
      result.set_action(same ? v1::ApplyResult::UNCHANGED : v1::ApplyResult::CONFIGURED);
    if (present != nullptr && !same)
      schema::MutableMeta(&next)->set_generation(schema::Meta(next).generation() + 1);
    *result.mutable_object() = next;
    if (request.dry_run() || same) return result;
    Put(next);
    if (on_apply) on_apply(next);
    return result;
  }

  static void Merge(const v1::Object& from, const v1::FieldSet& mentioned, v1::Object* to) {
    const google::protobuf::Message& source = schema::Inner(from);
    google::protobuf::Message* target = schema::MutableInner(to);
    const auto* spec = schema::FindField(source.GetDescriptor(), "spec");
    const google::protobuf::Message& source_spec = source.GetReflection()->GetMessage(source, spec);
    google::protobuf::Message* target_spec = target->GetReflection()->MutableMessage(target, spec);
    if (mentioned.paths_size() != 1) return target_spec->CopyFrom(source_spec);
    const auto* field = schema::FindField(spec->message_type(), mentioned.paths(0).substr(5));
    v1::Object copy = from;
    google::protobuf::Message* inner = schema::MutableInner(&copy);
    google::protobuf::Message* copy_spec = inner->GetReflection()->MutableMessage(inner, spec);
    copy_spec->GetReflection()->SwapFields(copy_spec, target_spec, {field});
  }

  void Publish(v1::WatchEvent::Type type, const v1::Object& object) {
    for (const Subscriber& subscriber : subscribers_) {
      const auto queue = subscriber.queue.lock();
      const bool same_kind = schema::KindOf(object)->name == subscriber.matcher.kind().name;
      if (queue == nullptr || !same_kind || !subscriber.matcher.Matches(object)) continue;
      v1::WatchEvent event;
      event.set_type(type);
      event.set_revision(revision_);
      *event.mutable_object() = object;
      queue->push_back(event);
    }
  }

  std::map<ObjectKey, v1::Object> objects_;
  std::vector<Subscriber> subscribers_;
  int64_t revision_ = 0;
};

inline absl::StatusOr<std::unique_ptr<client::WatchStream>> FakeApi::Watch(
    const v1::WatchRequest& request, std::function<void()>) {
  RETURN_IF_ERROR(broken);
  ASSIGN_OR_RETURN(schema::Matcher matcher, schema::Matcher::Parse(request.selector()));
  ASSIGN_OR_RETURN(std::vector<v1::Object> objects, Matching(request.selector()));
  auto stream = std::make_unique<Stream>();
  stream->api = this;
  for (v1::Object& object : objects) {
    v1::WatchEvent event;
    event.set_type(v1::WatchEvent::ADDED);
    *event.mutable_object() = std::move(object);
    stream->queue->push_back(std::move(event));
  }
  v1::WatchEvent snapshot;
  snapshot.set_type(v1::WatchEvent::SNAPSHOT);
  snapshot.set_revision(revision_);
  snapshot.mutable_summary()->set_epoch("e1");
  stream->queue->push_back(std::move(snapshot));
  subscribers_.push_back({std::move(matcher), stream->queue});
  return stream;
}

}  // namespace reeve::ctl
