// Clears away what nobody needs any more: Works that their host has removed, objects whose
// controller is gone, old Events.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kGcReconciler;

}  // namespace reeve::controllers
