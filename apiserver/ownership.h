// What metadata.ownerReferences may say.
#pragma once

#include <absl/status/status.h>

#include "apiserver/attempt.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {

// Adds violations for references that cannot be: a kind that nobody knows, a namespaced owner of a
// cluster object, two controllers, an object that owns itself, directly or through others.
// FAILED_PRECONDITION when an owner that `before` (null: it is new) did not have is being deleted:
// what takes it down has then seen all its dependents. What the answer rests on becomes a
// precondition of the transaction. An owner that does not exist is allowed, as in Kubernetes.
absl::Status CheckOwners(Attempt* attempt, const Message* before, const Message& after,
                         schema::Violations* violations);

}  // namespace reeve::apiserver
