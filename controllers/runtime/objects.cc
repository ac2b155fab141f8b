#include "controllers/runtime/objects.h"

#include <algorithm>
#include <deque>
#include <map>

#include "proto/schema/phases.h"

namespace reeve::controllers {
namespace {

v1::Object WithoutBookkeeping(v1::Object object) {
  v1::ObjectMeta* meta = schema::MutableMeta(&object);
  meta->clear_managed_fields();
  meta->clear_resource_version();
  return object;
}

const v1::Condition* ReadyOf(const v1::Object& object) {
  const auto* conditions = schema::Conditions(object);
  return conditions == nullptr ? nullptr : client::FindCondition(*conditions, client::kReady);
}

bool ReadyMoved(const v1::Condition* before, const v1::Condition& after) {
  return before == nullptr || before->status() != after.status() ||
         before->reason() != after.reason();
}

void PushReadyEvent(const v1::Object& before, const v1::Object& after, Outcome* outcome) {
  const v1::Condition* ready = ReadyOf(after);
  if (ready == nullptr || !ReadyMoved(ReadyOf(before), *ready)) return;
  const ObjectKey key = schema::KeyOf(after);
  RecordEvent event;
  event.regarding.set_kind(key.kind);
  event.regarding.set_namespace_(key.ns);
  event.regarding.set_name(key.name);
  event.regarding.set_uid(schema::Meta(after).uid());
  const bool worse = ReadyOf(before) != nullptr && ReadyOf(before)->status() == v1::Condition::True;
  event.type = worse ? v1::EventSpec::Warning : v1::EventSpec::Normal;
  event.reason = ready->reason();
  event.message = ready->message();
  outcome->effects.push_back(std::move(event));
}

void AddControllerOf(std::vector<ObjectKey>* keys, std::string_view kind,
                     const v1::Object* object) {
  if (object == nullptr) return;
  const v1::ObjectMeta& meta = schema::Meta(*object);
  const v1::OwnerReference* owner = client::FindController(meta);
  if (owner != nullptr && owner->kind() == kind)
    AddKey(keys, {owner->kind(), meta.namespace_(), owner->name()});
}

}  // namespace

bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

bool Differs(const v1::Object* before, const v1::Object* after) {
  if (before == nullptr || after == nullptr) return true;
  return schema::Encode(WithoutBookkeeping(*before)) != schema::Encode(WithoutBookkeeping(*after));
}

std::string NextPhase(std::string_view lifecycle, const std::string& from, const std::string& to) {
  const schema::Lifecycle* table = schema::FindLifecycle(lifecycle);
  if (from.empty()) return std::string(table->initial);
  std::map<std::string_view, std::string_view> first_step = {{from, from}};
  std::deque<std::string_view> reached = {from};
  while (!reached.empty()) {
    const std::string_view at = reached.front();
    reached.pop_front();
    if (at == to) return std::string(first_step[at]);
    for (const auto& [a, b] : table->edges) {
      if (a != at || first_step.contains(b)) continue;
      first_step[b] = at == from ? b : first_step[at];
      reached.push_back(b);
    }
  }
  return from;
}

void PushStatus(const v1::Object& before, v1::Object after, Outcome* outcome) {
  if (!schema::StatusDiffers(before, after)) return;
  outcome->effects.push_back(UpdateStatus{after});
  PushReadyEvent(before, after, outcome);
}

void AddKey(std::vector<ObjectKey>* keys, ObjectKey key) {
  if (std::find(keys->begin(), keys->end(), key) == keys->end()) keys->push_back(std::move(key));
}

void AddController(std::vector<ObjectKey>* keys, std::string_view kind, const v1::Object* before,
                   const v1::Object* after) {
  AddControllerOf(keys, kind, before);
  AddControllerOf(keys, kind, after);
}

}  // namespace reeve::controllers
