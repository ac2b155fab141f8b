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
// that always exist; FAILED_PRECONDITION, with its users, for a Blob that a site names.
absl::StatusOr<Planned> PlanDelete(Attempt* attempt, const Identity& who, const ObjectKey& key,
                                   const v1::DeleteRequest& request, Now now);

// `object` with its deletionTimestamp, as PlanDelete marks it.
ObjectPtr MarkDeleted(const Message& object, Now now);

// A namespace goes in two steps. It is marked (Terminating) with this finalizer, and from then on
// takes nothing new; controllers delete what it holds; when it is empty, it goes.
inline constexpr std::string_view kContentsFinalizer = "reeve/contents";

// The first step, as PlanDelete.
absl::StatusOr<Planned> PlanNamespaceDelete(Attempt* attempt, const Identity& who,
                                            const ObjectKey& key, const v1::DeleteRequest& request,
                                            Now now);
// The second: takes the finalizer away if the namespace is marked and empty; else changes nothing.
absl::StatusOr<Planned> PlanNamespaceEnd(Attempt* attempt, const ObjectKey& key);

// What namespace `ns` holds, but for what goes with it: "1 site, 2 works"; "" for nothing.
absl::StatusOr<std::string> NamespaceContents(const Attempt& attempt, const std::string& ns);

// What else the end of `object` means: for a namespace, that it is empty (FAILED_PRECONDITION when
// it is not, whoever takes its last finalizer away), and that what goes with it goes.
absl::Status StageEnd(Attempt* attempt, const Message& object);

}  // namespace reeve::apiserver
