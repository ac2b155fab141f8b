// Who names an object in a field that the schema says references its kind. Pure but for the view.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "apiserver/attempt.h"

namespace reeve::apiserver {

// The objects that name `key`, as "Site shop/blog", in the order of the schema and of their names;
// at most `max`. Objects with a namespace are looked for in that one.
absl::StatusOr<std::vector<std::string>> UsersOf(const Attempt& attempt, const ObjectKey& key,
                                                 size_t max);

// FAILED_PRECONDITION, with its users, when somebody names `key`.
absl::Status CheckUnused(const Attempt& attempt, const schema::Kind& kind, const ObjectKey& key);

}  // namespace reeve::apiserver
