// Server-side apply's two rules beyond the merge, in Kubernetes' words: a field that another
// manager owns is not changed without force, and a field that this manager applied before, applies
// no longer and nobody else owns is removed. Pure.
//
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
#pragma once

#include <absl/status/status.h>

#include <vector>

#include "apiserver/managed_fields.h"
#include "apiserver/object_io.h"

namespace reeve::apiserver {

// ABORTED in kubectl's words when `after` changes fields of `before` that others own; with a
// violation for each.
absl::Status CheckConflicts(const ManagedWrite& write, const Message& before, const Message& after);

// Removes from `after` what the last Apply of `write`'s manager said, `applied` (`zeros`: what it
// says with zero values, merge.h) does not, and nobody else owns. A message that nothing applied or
// owned is left in goes as a whole, with the defaults in it.
void RemoveDropped(const ManagedWrite& write, const Message& before, const Message& applied,
                   const std::vector<FieldPath>& zeros, Message* after);

}  // namespace reeve::apiserver
