// The table of reconcilers, with the planted bug in it if it is one of a reconciler.
#pragma once

#include <vector>

#include "controllers/runtime/reconciler.h"
#include "tests/simulation/planted.h"

namespace reeve::simulation {

std::vector<controllers::Reconciler> ReconcilersWith(Planted planted);

}  // namespace reeve::simulation
