// Who may do which verb on which kind. Admins do everything but write what only controllers write;
// controllers everything; a host what the (kind)'s host_access gives it, on objects whose field
// names it. Pure.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "apiserver/identity.h"
#include "proto/schema/object.h"
#include "proto/schema/selector.h"

namespace reeve::apiserver {

enum class Verb { kGet, kList, kWatch, kCreate, kUpdate, kUpdateStatus, kDelete };

// What can be decided by the kind and the name alone: PERMISSION_DENIED, or UNAUTHENTICATED for
// nobody.
absl::Status CheckVerb(const Identity& who, Verb verb, const schema::Kind& kind,
                       const std::string& name);
// For list and watch: a host must select its own objects.
absl::Status CheckSelector(const Identity& who, Verb verb, const schema::Matcher& matcher);
// Whether CheckObject needs the object to decide.
bool MustLookInside(const Identity& who);
// Whether `object` is one that `who` may know of. A host gets NOT_FOUND for others'.
absl::Status CheckObject(const Identity& who, const schema::Kind& kind,
                         const schema::Message& object);
// For create and update as a whole: PERMISSION_DENIED for an object that would not be the host's,
// or that carries what a host may not set (finalizers, owners).
absl::Status CheckWritten(const Identity& who, const schema::Kind& kind,
                          const schema::Message& object);

}  // namespace reeve::apiserver
