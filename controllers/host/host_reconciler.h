// Says whether a Host is alive, counts what it holds, and lets it go.
//
// Alive is counted on the monotonic clock from when this process saw a renewal of the Host's Lease.
// Without one, nobody is called lost before heartbeats could be seen for kRestartGrace. A silent
// Host loses nothing: it is only reported. What a Host holds is released when its agent confirms,
// or when spec.abandoned says that the machine is lost.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kHostReconciler;

}  // namespace reeve::controllers
