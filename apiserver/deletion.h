// What deleting an object does to it, and when a namespace may go.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "apiserver/admission.h"
#include "apiserver/attempt.h"
#include "apiserver/identity.h"
#include "base/clock.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// The object goes at once when it has no finalizers; else it is marked with a deletionTimestamp,
// once. FOREGROUND and ORPHAN add the finalizer of their name, in the place of the other one, also
// to an object that is being deleted already. NOT_FOUND; ABORTED when the request names another uid
// or version; INVALID_ARGUMENT when its kind cannot leave orphans; PERMISSION_DENIED for namespaces
// that always exist.
absl::StatusOr<Planned> PlanDelete(Attempt* attempt, const Identity& who, const ObjectKey& key,
                                   const v1::DeleteRequest& request, Now now);

// `object` with its deletionTimestamp, as PlanDelete marks it.
ObjectPtr MarkDeleted(const Message& object, Now now);

// Without it again.
ObjectPtr Unmarked(const Message& object);

// FAILED_PRECONDITION, saying what is in it, when namespace `ns` holds objects that do not go with
// it.
absl::Status CheckNamespaceEmpty(const Attempt& attempt, const std::string& ns);
// Removes those that do go with it.
absl::Status StageNamespaceContents(Attempt* attempt, const std::string& ns);

}  // namespace reeve::apiserver
