// What reconcilers of every kind do with objects: keys, references, status writes, phases.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/effect.h"
#include "controllers/runtime/world.h"
#include "proto/schema/object.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::controllers {

// The kind's message in `object`, or nullptr when it holds another kind, or is null.
template <typename T>
const T* As(const v1::Object* object) {
  if (object == nullptr) return nullptr;
  const google::protobuf::Message& inner = schema::Inner(*object);
  return inner.GetDescriptor() == T::descriptor() ? static_cast<const T*>(&inner) : nullptr;
}

template <typename T>
std::vector<const T*> AllAs(const std::vector<const v1::Object*>& objects) {
  std::vector<const T*> out;
  for (const v1::Object* object : objects) {
    if (const T* inner = As<T>(object)) out.push_back(inner);
  }
  return out;
}

template <typename T>
std::string KindName() {
  return T::descriptor()->name();
}

template <typename T>
ObjectKey KeyOf(const T& object) {
  return {KindName<T>(), object.metadata().namespace_(), object.metadata().name()};
}

template <typename T>
v1::ObjectRef RefTo(const T& object) {
  v1::ObjectRef ref;
  ref.set_kind(KindName<T>());
  ref.set_namespace_(object.metadata().namespace_());
  ref.set_name(object.metadata().name());
  ref.set_uid(object.metadata().uid());
  return ref;
}

// Objects of kind T in `ns` whose indexed `field` is `value`.
template <typename T>
std::vector<const T*> IndexedIn(const World& world, std::string_view ns, std::string_view field,
                                std::string_view value) {
  std::vector<const T*> out = AllAs<T>(world.Indexed(KindName<T>(), field, value));
  std::erase_if(out, [&](const T* object) { return object->metadata().namespace_() != ns; });
  return out;
}

// As the server will store it: compare with what is there only after this.
template <typename T>
T WithDefaults(T inner) {
  v1::Object object = schema::Wrap(std::move(inner));
  schema::ApplyDefaults(&object);
  return *As<T>(&object);
}

// Bytes that differ when the messages do. For messages without maps.
bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b);

// True when the two versions (of any kind) differ in something beside metadata.managedFields and
// resourceVersion; true when one is null.
bool Differs(const v1::Object* before, const v1::Object* after);

// The first step of the shortest way along the kind's table from `from` to `to`; `from` when there
// is none.
std::string NextPhase(std::string_view lifecycle, const std::string& from, const std::string& to);

// Adds the status write that takes `before` to `after`, if they differ, and an Event when Ready
// moved or its reason changed.
void PushStatus(const v1::Object& before, v1::Object after, Outcome* outcome);
template <typename T>
void PushStatus(const T& before, T after, Outcome* outcome) {
  PushStatus(schema::Wrap(before), schema::Wrap(std::move(after)), outcome);
}

template <typename T>
void PushUpdate(T object, Outcome* outcome) {
  outcome->effects.push_back(UpdateObject{schema::Wrap(std::move(object))});
}
template <typename T>
void PushCreate(T object, Outcome* outcome) {
  outcome->effects.push_back(CreateObject{schema::Wrap(std::move(object))});
}
// Unless it is on its way out already.
template <typename T>
void PushDelete(const T& object, Outcome* outcome) {
  if (client::IsDeleting(object.metadata())) return;
  outcome->effects.push_back(DeleteObject{KeyOf(object), object.metadata().uid()});
}

// The outcome that only takes the finalizer away, or only adds it.
template <typename T>
Outcome WithoutFinalizer(T object, std::string_view finalizer) {
  Outcome outcome;
  if (!client::HasFinalizer(object.metadata(), finalizer)) return outcome;
  client::RemoveFinalizer(object.mutable_metadata(), finalizer);
  PushUpdate(std::move(object), &outcome);
  return outcome;
}
template <typename T>
Outcome WithFinalizer(T object, std::string_view finalizer) {
  Outcome outcome;
  client::AddFinalizer(object.mutable_metadata(), finalizer);
  PushUpdate(std::move(object), &outcome);
  return outcome;
}

// Adds `key` unless it is there: wakes tables are short lists.
void AddKey(std::vector<ObjectKey>* keys, ObjectKey key);
// The key of the host that `object` names in spec.host, if it is a T.
template <typename T>
void AddHostOf(const v1::Object* object, std::vector<ObjectKey>* keys) {
  const T* inner = As<T>(object);
  if (inner != nullptr && !inner->spec().host().empty())
    AddKey(keys, {"Host", "", inner->spec().host()});
}
// The key of the controller of either version, if it is of `kind`.
void AddController(std::vector<ObjectKey>* keys, std::string_view kind, const v1::Object* before,
                   const v1::Object* after);

}  // namespace reeve::controllers
