#include "tests/simulation/planted_reconcilers.h"

#include <absl/time/time.h>
#include <fmt/format.h>

#include "client/finalizers.h"
#include "proto/schema/object.h"

namespace reeve::simulation {
namespace {

using controllers::Outcome;
using controllers::Reconciler;
using controllers::World;

const Reconciler& Real(std::string_view name) {
  for (const Reconciler& reconciler : controllers::Reconcilers()) {
    if (reconciler.name == name) return reconciler;
  }
  std::abort();
}

// Gives every instance the first port of its host, whoever has it.
Outcome FirstPort(const World& world, const ObjectKey& key, Now now) {
  Outcome outcome = Real("port").reconcile(world, key, now);
  for (controllers::Effect& effect : outcome.effects) {
    if (auto* create = std::get_if<controllers::CreateObject>(&effect)) {
      v1::Port* port = create->object.mutable_port();
      port->mutable_spec()->set_owner_uid("");  // And lets the server not notice.
      port->mutable_spec()->set_number(20000);
    }
  }
  return outcome;
}

// Writes down every minute that it looked: a write that says nothing new.
Outcome Restless(const World& world, const ObjectKey& key, Now now) {
  Outcome outcome = Real("site").reconcile(world, key, now);
  const v1::Object* object = world.Find(key);
  if (object == nullptr || !outcome.effects.empty()) return outcome;
  outcome.after = absl::Minutes(1);
  v1::Object changed = *object;
  std::string& seen = (*changed.mutable_site()->mutable_metadata()->mutable_annotations())["seen"];
  const std::string minute = fmt::format("{}", absl::ToInt64Minutes(now.mono));
  if (seen == minute) return outcome;
  seen = minute;
  outcome.effects.push_back(controllers::UpdateObject{changed});
  return outcome;
}

// Lets an Instance go while its host still has it.
Outcome Forgetful(const World& world, const ObjectKey& key, Now now) {
  const v1::Object* object = world.Find(key);
  if (object == nullptr || !client::IsDeleting(schema::Meta(*object)))
    return Real("instance").reconcile(world, key, now);
  Outcome outcome;
  v1::Object changed = *object;
  client::RemoveFinalizer(schema::MutableMeta(&changed), client::kInstanceFinalizer);
  outcome.effects.push_back(controllers::UpdateObject{changed});
  return outcome;
}

}  // namespace

std::vector<Reconciler> ReconcilersWith(Planted planted) {
  std::vector<Reconciler> reconcilers = controllers::Reconcilers();
  for (Reconciler& reconciler : reconcilers) {
    if (planted == Planted::kFirstPort && reconciler.name == "port")
      reconciler.reconcile = FirstPort;
    if (planted == Planted::kRestlessStatus && reconciler.name == "site")
      reconciler.reconcile = Restless;
    if (planted == Planted::kForgottenFinalizer && reconciler.name == "instance")
      reconciler.reconcile = Forgetful;
  }
  return reconcilers;
}

}  // namespace reeve::simulation
