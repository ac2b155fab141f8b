#include "controllers/namespace/namespace_reconciler.h"

#include <utility>

#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

Outcome ReconcileNamespace(const World& world, const ObjectKey& key, Now) {
  Outcome outcome;
  const v1::Namespace* ns = world.Get<v1::Namespace>("", key.name);
  if (ns == nullptr) return outcome;
  v1::Namespace after = *ns;
  after.mutable_status()->set_phase(client::IsDeleting(ns->metadata())
                                        ? v1::NamespaceStatus::Terminating
                                        : v1::NamespaceStatus::Active);
  PushStatus(*ns, std::move(after), &outcome);
  return outcome;
}

std::vector<ObjectKey> WakesNone(const World&, const v1::Object*, const v1::Object*) { return {}; }

}  // namespace

const Reconciler kNamespaceReconciler = {"namespace", "Namespace", ReconcileNamespace, WakesNone};

}  // namespace reeve::controllers
