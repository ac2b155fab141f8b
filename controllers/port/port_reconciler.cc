#include "controllers/port/port_reconciler.h"

#include <algorithm>
#include <tuple>

#include "client/timestamps.h"
#include "controllers/port/allocation.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

constexpr int kHistoryMax = 16;
// The holder is not known yet, or not any more: which of the two, the Instances' informer will
// tell.
constexpr absl::Duration kLookAgain = absl::Seconds(5);

// What is known of one host's ports and of those who want them.
struct View {
  const World& world;
  const v1::Host* host;  // Null: removed.
  std::vector<const v1::Port*> ports;
  std::vector<const v1::Instance*> instances;
};

const v1::Instance* FindHolder(const View& view, const v1::Port& port) {
  for (const v1::Instance* instance : view.instances) {
    if (instance->metadata().uid() == port.spec().holder().uid()) return instance;
  }
  return nullptr;
}

// An Instance that asked for another number, or was given another one because somebody listens on
// the first, lets go of the old one when its host has confirmed the new one.
bool HasMovedOn(const View& view, const v1::Instance& holder, const v1::Port& port) {
  const int used = PortOf(view.world, holder);
  if (used == 0 || used == port.spec().number()) return false;
  for (const v1::Work* work : AllAs<v1::Work>(view.world.OwnedBy(holder.metadata().uid()))) {
    const v1::Artifact::Unit* unit = FindUnit(work->spec());
    if (unit == nullptr || unit->port() != used || !IsConfirmedHealthy(*work)) return false;
  }
  return true;
}

bool IsRecorded(const v1::Port& port) {
  if (port.status().history().empty()) return false;
  const v1::PortHolding& last = port.status().history(0);
  return last.holder().uid() == port.spec().holder().uid() &&
         Same(last.from(), port.spec().held_since());
}

bool MayRelease(const View& view, const v1::Port& port) {
  if (IsRecorded(port)) return true;  // Decided before.
  const v1::Instance* holder = FindHolder(view, port);
  if (holder != nullptr) return HasMovedOn(view, *holder, port);
  return view.world.Caught("Instance", schema::Wrap(port));
}

// First the history, then the holder: a crash in between loses nothing.
void PushRecord(v1::Port port, Now now, Outcome* outcome) {
  const v1::Port before = port;
  v1::PortHolding holding;
  *holding.mutable_holder() = port.spec().holder();
  *holding.mutable_from() = port.spec().held_since();
  client::SetTime(holding.mutable_to(), now.wall);
  auto* history = port.mutable_status()->mutable_history();
  *history->Add() = std::move(holding);
  std::rotate(history->pointer_begin(), history->pointer_end() - 1, history->pointer_end());
  if (history->size() > kHistoryMax)
    history->DeleteSubrange(kHistoryMax, history->size() - kHistoryMax);
  PushStatus(before, std::move(port), outcome);
}

void PushRelease(v1::Port port, Outcome* outcome) {
  v1::PortSpec* spec = port.mutable_spec();
  *spec->mutable_released_at() = port.status().history(0).to();
  spec->clear_holder();
  spec->clear_held_since();
  spec->clear_owner_uid();
  PushUpdate(std::move(port), outcome);
}

void Release(const View& view, Now now, Outcome* outcome) {
  for (const v1::Port* port : view.ports) {
    if (!IsHeld(*port)) continue;
    if (!MayRelease(view, *port)) {
      if (FindHolder(view, *port) == nullptr) outcome->after = kLookAgain;
    } else if (IsRecorded(*port)) {
      PushRelease(*port, outcome);
    } else {
      PushRecord(*port, now, outcome);
    }
  }
}

// In the order in which they were made: the first one gets the lowest number.
auto Turn(const v1::Instance& instance) {
  const v1::ObjectMeta& meta = instance.metadata();
  return std::tuple(client::ToTime(meta.creation_timestamp()), meta.namespace_(),
                    instance.spec().site(), instance.spec().ordinal(), meta.name());
}

bool NeedsPort(const View& view, const v1::Instance& instance) {
  return instance.spec().type() == v1::SiteSpec::Process &&
         !client::IsDeleting(instance.metadata()) &&
         (PortOf(view.world, instance) == 0 || IsSpoiled(view.world, instance));
}

std::vector<const v1::Instance*> InNeed(const View& view) {
  std::vector<const v1::Instance*> out;
  for (const v1::Instance* instance : view.instances) {
    if (NeedsPort(view, *instance)) out.push_back(instance);
  }
  std::sort(out.begin(), out.end(),
            [](const auto* a, const auto* b) { return Turn(*a) < Turn(*b); });
  return out;
}

std::string OwnerUid(const v1::Instance& instance) {
  const v1::OwnerReference* owner = client::FindController(instance.metadata());
  return owner == nullptr ? instance.metadata().uid() : owner->uid();
}

void SetHolder(const v1::Instance& instance, Now now, v1::PortSpec* spec) {
  *spec->mutable_holder() = RefTo(instance);
  spec->set_owner_uid(OwnerUid(instance));
  client::SetTime(spec->mutable_held_since(), now.wall);
  spec->clear_released_at();
}

void PushHold(const View& view, const v1::Instance& instance, int number, Now now,
              Outcome* outcome) {
  const std::string name = PortName(view.host->metadata().name(), number);
  if (const v1::Port* known = view.world.Get<v1::Port>("", name)) {
    v1::Port port = *known;
    SetHolder(instance, now, port.mutable_spec());
    return PushUpdate(std::move(port), outcome);
  }
  v1::Port port;
  port.mutable_metadata()->set_name(name);
  *port.mutable_metadata()->add_owner_references() =
      client::ControllerRef("Host", view.host->metadata());
  port.mutable_spec()->set_host(view.host->metadata().name());
  port.mutable_spec()->set_protocol("tcp");
  port.mutable_spec()->set_number(number);
  SetHolder(instance, now, port.mutable_spec());
  PushCreate(std::move(port), outcome);
}

void Allocate(const View& view, Now now, Outcome* outcome) {
  std::vector<int> taken;
  for (const v1::Instance* instance : InNeed(view)) {
    const int wanted = instance->spec().process().port();
    if (wanted > 0 && WhyNoPort(view.world, *view.host, *instance).has_value()) continue;
    const int number = wanted > 0 ? wanted : LowestFreePort(view.world, *view.host, taken);
    if (number == 0 || std::find(taken.begin(), taken.end(), number) != taken.end()) continue;
    taken.push_back(number);
    PushHold(view, *instance, number, now, outcome);
  }
}

Outcome ReconcilePorts(const World& world, const ObjectKey& key, Now now) {
  Outcome outcome;
  const View view = {world, world.Get<v1::Host>("", key.name),
                     AllAs<v1::Port>(world.Indexed("Port", "spec.host", key.name)),
                     AllAs<v1::Instance>(world.Indexed("Instance", "spec.host", key.name))};
  Release(view, now, &outcome);
  if (view.host != nullptr && !view.host->spec().abandoned()) Allocate(view, now, &outcome);
  return outcome;
}

std::vector<ObjectKey> WakesPorts(const World&, const v1::Object* before, const v1::Object* after) {
  std::vector<ObjectKey> keys;
  for (const v1::Object* object : {before, after}) {
    AddHostOf<v1::Instance>(object, &keys);
    AddHostOf<v1::Port>(object, &keys);
  }
  return keys;
}

}  // namespace

const Reconciler kPortReconciler = {"port", "Host", ReconcilePorts, WakesPorts};

}  // namespace reeve::controllers
