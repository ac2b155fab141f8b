#include "controllers/gc/gc_reconciler.h"

#include <utility>

#include "base/limits.h"
#include "client/timestamps.h"
#include "controllers/runtime/objects.h"
#include "proto/schema/kind_registry.h"

namespace reeve::controllers {
namespace {

// Whether an owner that is missing is gone or not known yet, its kind's informer will tell.
constexpr absl::Duration kLookAgain = absl::Seconds(5);

enum class Owner { kThere, kGone, kNotKnown };

Owner OwnerOf(const World& world, const v1::Object& object) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  const v1::OwnerReference* ref = client::FindController(meta);
  if (ref == nullptr) return Owner::kThere;
  const schema::Kind* kind = schema::KindRegistry::Get().FindByName(ref->kind());
  const std::string ns = kind != nullptr && kind->namespaced() ? meta.namespace_() : "";
  const v1::Object* owner = world.Find({ref->kind(), ns, ref->name()});
  if (owner != nullptr && schema::Meta(*owner).uid() == ref->uid()) return Owner::kThere;
  return world.Caught(ref->kind(), object) ? Owner::kGone : Owner::kNotKnown;
}

bool IsRemovedFromHost(const World& world, const v1::Work& work) {
  if (!client::IsDeleting(work.metadata())) return false;
  const bool removed = work.status().state() == v1::WorkStatus::Removed &&
                       work.status().observed_generation() == work.metadata().generation();
  const bool no_host = world.Get<v1::Host>("", work.spec().host()) == nullptr &&
                       world.Caught("Host", schema::Wrap(work));
  return removed || no_host;
}

Outcome CollectEvent(const v1::Event& event, Now now) {
  const absl::Duration left = client::ToTime(event.spec().last_time()) + kEventAgeMax - now.wall;
  if (left > absl::ZeroDuration()) return Outcome::After(left);
  Outcome outcome;
  PushDelete(event, &outcome);
  return outcome;
}

Outcome Collect(const World& world, const ObjectKey& key, Now now) {
  const v1::Object* object = world.Find(key);
  if (object == nullptr) return Outcome::Done();
  if (const auto* event = As<v1::Event>(object)) return CollectEvent(*event, now);
  if (const auto* work = As<v1::Work>(object); work != nullptr && IsRemovedFromHost(world, *work)) {
    return WithoutFinalizer(*work, client::kWorkFinalizer);
  }
  const v1::ObjectMeta& meta = schema::Meta(*object);
  if (client::IsDeleting(meta)) return Outcome::Done();
  const Owner owner = OwnerOf(world, *object);
  if (owner == Owner::kThere) return Outcome::Done();
  if (owner == Owner::kNotKnown) return Outcome::After(kLookAgain);
  Outcome outcome;
  outcome.effects.push_back(DeleteObject{key, meta.uid()});
  return outcome;
}

// What has a controller, or an age; and all that an object owned, when it went.
std::vector<ObjectKey> WakesGc(const World& world, const v1::Object* before,
                               const v1::Object* after) {
  std::vector<ObjectKey> keys;
  if (after != nullptr) {
    const v1::ObjectMeta& meta = schema::Meta(*after);
    const bool new_event = As<v1::Event>(after) != nullptr && before == nullptr;
    if (new_event || client::FindController(meta) != nullptr) AddKey(&keys, schema::KeyOf(*after));
    return keys;
  }
  for (const v1::Object* owned : world.OwnedBy(schema::Meta(*before).uid()))
    AddKey(&keys, schema::KeyOf(*owned));
  if (const auto* host = As<v1::Host>(before)) {
    for (const v1::Object* work : world.Indexed("Work", "spec.host", host->metadata().name())) {
      AddKey(&keys, schema::KeyOf(*work));
    }
  }
  return keys;
}

}  // namespace

const Reconciler kGcReconciler = {"gc", "", Collect, WakesGc};

}  // namespace reeve::controllers
