#include "controllers/domain/domain_reconciler.h"
#include "controllers/gc/gc_reconciler.h"
#include "controllers/host/host_reconciler.h"
#include "controllers/instance/instance_reconciler.h"
#include "controllers/namespace/namespace_reconciler.h"
#include "controllers/port/port_reconciler.h"
#include "controllers/runtime/reconciler.h"
#include "controllers/site/site_reconciler.h"

namespace reeve::controllers {

const std::vector<Reconciler>& Reconcilers() {
  static const auto& all = *new std::vector<Reconciler>{
      kDomainReconciler,    kGcReconciler,   kHostReconciler, kInstanceReconciler,
      kNamespaceReconciler, kPortReconciler, kSiteReconciler};
  return all;
}

}  // namespace reeve::controllers
