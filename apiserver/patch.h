// What a patch makes of an object, as an update of it. Pure.
#pragma once

#include <absl/status/statusor.h>

#include "apiserver/object_io.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// `live` as `request` changes it, at `live`'s resourceVersion. A document that carries another
// resourceVersion is ABORTED: the object has been modified.
//
// INVALID_ARGUMENT also when name, namespace or uid would change; otherwise as schema::Patched.
absl::StatusOr<ObjectPtr> UpdateOf(const schema::KindRegistry& kinds, const Message& live,
                                   const v1::PatchRequest& request);

}  // namespace reeve::apiserver
