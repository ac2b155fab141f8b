// Places an Instance, writes its Work, and says how it is; takes it down route first.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kInstanceReconciler;

}  // namespace reeve::controllers
