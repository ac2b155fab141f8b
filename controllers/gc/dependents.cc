#include "controllers/gc/dependents.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "client/finalizers.h"
#include "client/timestamps.h"
#include "controllers/runtime/objects.h"
#include "proto/schema/finalizers.h"
#include "proto/schema/kind_registry.h"

namespace reeve::controllers {
namespace {

using schema::kForegroundFinalizer;
using schema::kOrphanFinalizer;
using v1::OwnerReference;

// Whether an owner that is missing is gone or not known yet, its kind's informer will tell.
constexpr absl::Duration kLookAgain = absl::Seconds(5);
// A dependent that was made just before its owner was marked may come to be known after it, but not
// so late.
constexpr absl::Duration kLateDependents = absl::Seconds(2);

const v1::Object* FindOwner(const World& world, const v1::Object& object,
                            const OwnerReference& reference) {
  const schema::Kind* kind = schema::KindRegistry::Get().FindByName(reference.kind());
  const std::string ns =
      kind != nullptr && kind->namespaced() ? schema::Meta(object).namespace_() : "";
  const v1::Object* owner = world.Find({reference.kind(), ns, reference.name()});
  return owner != nullptr && schema::Meta(*owner).uid() == reference.uid() ? owner : nullptr;
}

const OwnerReference* ReferenceTo(const v1::Object& object, const std::string& uid) {
  for (const OwnerReference& reference : schema::Meta(object).owner_references()) {
    if (reference.uid() == uid) return &reference;
  }
  return nullptr;
}

bool IsForeground(const v1::Object& object) {
  return client::IsDeleting(schema::Meta(object)) &&
         client::HasFinalizer(schema::Meta(object), kForegroundFinalizer);
}

// Another owner keeps the object: it is there, and does not wait for the object's end itself.
bool IsKept(const World& world, const v1::Object& object, const std::string& but_uid) {
  const auto& all = schema::Meta(object).owner_references();
  return std::any_of(all.begin(), all.end(), [&](const OwnerReference& reference) {
    if (reference.uid() == but_uid) return false;
    const v1::Object* owner = FindOwner(world, object, reference);
    return owner != nullptr && !(IsForeground(*owner) && reference.block_owner_deletion());
  });
}

v1::Object WithoutOwners(v1::Object object, const std::vector<std::string>& uids) {
  auto* all = schema::MutableMeta(&object)->mutable_owner_references();
  all->erase(std::remove_if(all->begin(), all->end(),
                            [&](const OwnerReference& reference) {
                              return std::find(uids.begin(), uids.end(), reference.uid()) !=
                                     uids.end();
                            }),
             all->end());
  return object;
}

Outcome Release(v1::Object owner, const char* finalizer) {
  Outcome outcome;
  client::RemoveFinalizer(schema::MutableMeta(&owner), finalizer);
  outcome.effects.push_back(UpdateObject{std::move(owner)});
  return outcome;
}

// The owner's own controller is still taking it down.
bool HasOwnFinalizer(const v1::ObjectMeta& meta) {
  return std::any_of(meta.finalizers().begin(), meta.finalizers().end(),
                     [](const std::string& name) { return name.starts_with("reeve/"); });
}

// Nothing that the owner's mark has not seen can come any more: the server makes no dependents of
// what is being deleted.
bool AllKnown(const World& world, const v1::Object& owner, Now now) {
  if (now.wall >= client::ToTime(schema::Meta(owner).deletion_timestamp()) + kLateDependents)
    return true;
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    const bool watched = world.RevisionOf(kind.name) > 0;
    if (watched && !world.Caught(kind.name, owner)) return false;
  }
  return true;
}

void PushEnd(const World& world, const v1::Object& owner, const v1::Object& dependent,
             Outcome* outcome) {
  const v1::ObjectMeta& meta = schema::Meta(dependent);
  const std::string& uid = schema::Meta(owner).uid();
  if (IsKept(world, dependent, uid)) {
    outcome->effects.push_back(UpdateObject{WithoutOwners(dependent, {uid})});
    return;
  }
  if (client::IsDeleting(meta)) return;
  const bool has_its_own = !world.OwnedBy(meta.uid()).empty();
  outcome->effects.push_back(DeleteObject{schema::KeyOf(dependent), meta.uid(),
                                          has_its_own ? v1::FOREGROUND : v1::BACKGROUND});
}

Outcome DeleteDependents(const World& world, const v1::Object& owner, Now now) {
  Outcome outcome;
  const v1::ObjectMeta& meta = schema::Meta(owner);
  bool blocked = false;
  for (const v1::Object* dependent : world.OwnedBy(meta.uid())) {
    const OwnerReference* reference = ReferenceTo(*dependent, meta.uid());
    blocked = blocked || reference->block_owner_deletion();
    if (reference->controller() && HasOwnFinalizer(meta)) continue;
    PushEnd(world, owner, *dependent, &outcome);
  }
  if (blocked || !outcome.effects.empty()) return outcome;
  if (!AllKnown(world, owner, now)) return Outcome::After(kLateDependents);
  return Release(owner, kForegroundFinalizer);
}

Outcome LetDependentsGo(const World& world, const v1::Object& owner, Now now) {
  Outcome outcome;
  for (const v1::Object* dependent : world.OwnedBy(schema::Meta(owner).uid())) {
    outcome.effects.push_back(UpdateObject{WithoutOwners(*dependent, {schema::Meta(owner).uid()})});
  }
  if (!outcome.effects.empty()) return outcome;
  if (!AllKnown(world, owner, now)) return Outcome::After(kLateDependents);
  return Release(owner, kOrphanFinalizer);
}

}  // namespace

bool WaitsForDependents(const v1::Object& object) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  return client::IsDeleting(meta) && (client::HasFinalizer(meta, kForegroundFinalizer) ||
                                      client::HasFinalizer(meta, kOrphanFinalizer));
}

Outcome FinishOwner(const World& world, const v1::Object& owner, Now now) {
  return client::HasFinalizer(schema::Meta(owner), kOrphanFinalizer)
             ? LetDependentsGo(world, owner, now)
             : DeleteDependents(world, owner, now);
}

Outcome CollectDependent(const World& world, const v1::Object& object) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  std::vector<std::string> gone;
  bool kept = false;
  for (const OwnerReference& reference : meta.owner_references()) {
    if (FindOwner(world, object, reference) != nullptr) {
      kept = true;
    } else if (!world.Caught(reference.kind(), object)) {
      return Outcome::After(kLookAgain);
    } else {
      gone.push_back(reference.uid());
    }
  }
  Outcome outcome;
  if (gone.empty()) return outcome;
  if (kept) {
    outcome.effects.push_back(UpdateObject{WithoutOwners(object, gone)});
  } else {
    outcome.effects.push_back(DeleteObject{schema::KeyOf(object), meta.uid()});
  }
  return outcome;
}

void AddWaitingOwners(const World& world, const v1::Object* object, std::vector<ObjectKey>* keys) {
  if (object == nullptr) return;
  for (const OwnerReference& reference : schema::Meta(*object).owner_references()) {
    const v1::Object* owner = FindOwner(world, *object, reference);
    if (owner != nullptr && WaitsForDependents(*owner)) AddKey(keys, schema::KeyOf(*owner));
  }
}

}  // namespace reeve::controllers
