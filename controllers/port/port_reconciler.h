// The only writer of Ports: gives the Instances of a Host their ports, and takes them back.
//
// Works on keys of kind Host, so that all decisions about one host's ports are made one after the
// other. A port is taken back only when its Instance is gone, which is after its host confirmed the
// removal; first its holding is written into the history of the Port's status, then the holder is
// cleared. Ports are kept for ever, for their history, and go with their Host.
#pragma once

#include "controllers/runtime/reconciler.h"

namespace reeve::controllers {

extern const Reconciler kPortReconciler;

}  // namespace reeve::controllers
