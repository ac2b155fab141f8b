#include "controllers/gc/gc_reconciler.h"

#include <utility>

#include "base/limits.h"
#include "client/timestamps.h"
#include "controllers/gc/dependents.h"
#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

// It waits for its host to remove it, and the host has, or there is no host.
bool MayBeLetGo(const World& world, const v1::Work& work) {
  if (!client::IsDeleting(work.metadata()) ||
      !client::HasFinalizer(work.metadata(), client::kWorkFinalizer)) {
    return false;
  }
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
  if (const auto* work = As<v1::Work>(object); work != nullptr && MayBeLetGo(world, *work)) {
    return WithoutFinalizer(*work, client::kWorkFinalizer);
  }
  if (WaitsForDependents(*object)) return FinishOwner(world, *object, now);
  if (client::IsDeleting(schema::Meta(*object))) return Outcome::Done();
  return CollectDependent(world, *object);
}

// What has owners, an age, or waits for its dependents; all that an object owned, when it went; and
// the owners that waited for it.
std::vector<ObjectKey> WakesGc(const World& world, const v1::Object* before,
                               const v1::Object* after) {
  std::vector<ObjectKey> keys;
  AddWaitingOwners(world, before, &keys);
  AddWaitingOwners(world, after, &keys);
  if (after != nullptr) {
    const bool new_event = As<v1::Event>(after) != nullptr && before == nullptr;
    const bool owned = !schema::Meta(*after).owner_references().empty();
    if (new_event || owned || WaitsForDependents(*after)) AddKey(&keys, schema::KeyOf(*after));
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
