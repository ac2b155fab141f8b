// Routes a Domain on every host that has a healthy copy of its Site, and says where it is
// confirmed.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kDomainReconciler;

}  // namespace reeve::controllers
