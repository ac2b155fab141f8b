// Makes a Site's Instances and Domains what its spec says, one not-ready Instance at a time, and
// sums up how they are.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kSiteReconciler;

}  // namespace reeve::controllers
