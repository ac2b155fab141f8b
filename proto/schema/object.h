// Objects of any kind, without knowing the kind. The `Message` of these functions is always of an
// Object type (its one oneof holds the kind), so that tests can bring kinds of their own.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_path.h"
#include "base/names.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::schema {

using google::protobuf::Message;

// The kind that `object` holds; nullptr when it holds none.
const Kind* KindOf(const Message& object, const KindRegistry& registry = KindRegistry::Get());

// The message inside: a Site, a Host. REQUIRES: it holds one.
const Message& Inner(const Message& object);
Message* MutableInner(Message* object);

const v1::ObjectMeta& Meta(const Message& object);
v1::ObjectMeta* MutableMeta(Message* object);

ObjectKey KeyOf(const Message& object);

// An empty object of `kind`.
v1::Object NewObject(const Kind& kind);

// Wraps a kind's message: Wrap(site) is an Object that holds it.
template <typename T>
v1::Object Wrap(T inner);

// status.conditions, if the kind has them.
const google::protobuf::RepeatedPtrField<v1::Condition>* Conditions(const Message& object);

// status.phase by name ("Active"; "" when unspecified), for kinds that have one.
std::string Phase(const Message& object);

// Deterministic bytes: equal objects encode equally in every process. Leaves out nothing.
std::string Encode(const Message& object);

// True when the two differ in anything but metadata and status: generation grows.
bool SpecDiffers(const Message& a, const Message& b);
bool StatusDiffers(const Message& a, const Message& b);

// Paths of the leaf fields (list items by their merge key, sets by value, maps by key) whose values
// differ, sorted. A list without merge key or set is one leaf. REQUIRES: one kind.
std::vector<FieldPath> ChangedPaths(const Message& a, const Message& b);

// The leaf paths that are set in the parts of an object ("metadata", "spec", "status") that `part`
// says yes to, or in all of them, in the form of ChangedPaths, sorted.
std::vector<FieldPath> SetPaths(const Message& object,
                                const std::function<bool(std::string_view)>& part = nullptr);
// The same as texts, sorted as such, of the fields that `part(top, below)` says yes to, where
// `below` is the name of the field inside the top one, or "". Costs far less.
std::vector<std::string> SetPathTexts(
    const Message& object,
    const std::function<bool(std::string_view top, std::string_view below)>& part);

// `path` with list items by merge key or value (as in managedFields), or by index (as in violations
// and manifests). Steps that lead to nothing in `object` stay as they are.
FieldPath ByKey(const Message& object, const FieldPath& path);
FieldPath ByIndex(const Message& object, const FieldPath& path);

// The values at `path`, as text in the Kubernetes dialect; "x[]" fans out over a list. Empty when
// unset. `path` may name a field in camelCase or snake_case. Example: ValuesAt(site,
// "spec.domains[]").
std::vector<std::string> ValuesAt(const Message& object, std::string_view path);
// The only one, or "".
std::string ValueAt(const Message& object, std::string_view path);

// Fills unset fields that have a default_value, in messages that are present (and in `spec`
// always).
void ApplyDefaults(Message* object);

// Calls `visit` for every field of every message that is set below `object`, with its path.
using FieldVisitor =
    std::function<void(const FieldPath&, const Message&, const google::protobuf::FieldDescriptor*)>;
void VisitFields(const Message& object, const FieldVisitor& visit);

}  // namespace reeve::schema

#include "proto/schema/object_inl.h"  // Wrap.
