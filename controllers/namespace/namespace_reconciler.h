// Says of a Namespace that it is there.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kNamespaceReconciler;

}  // namespace reeve::controllers
