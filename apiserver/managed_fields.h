// metadata.managedFields: which manager set which fields. Written from the first write on. Pure.
#pragma once

#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {

// Who writes, and how.
struct ManagedWrite {
  std::string manager;
  std::string_view operation;    // "Apply" or "Update".
  std::string_view subresource;  // "status" or "".
  absl::Time now;
};

// Whether `entry` holds what `write`'s manager has written in this way.
bool IsOf(const v1::ManagedFieldsEntry& entry, const ManagedWrite& write);

// Paths of fields that can be managed: those of the subresource, or of all else.
using ManagedPaths = std::set<std::string>;
ManagedPaths ManagedPathsOf(const schema::Message& object, std::string_view subresource);
// What an apply says: the fields that are set, and `zeros`, those that it mentions with their zero
// value (merge.h).
ManagedPaths ManagedPathsOf(const schema::Message& applied, const std::vector<FieldPath>& zeros,
                            std::string_view subresource);

// Records that `write` made `after` out of `before` (null: it is new): the changed fields are its
// manager's from now on, no longer another's. `said` is what the request says, where it is an Apply
// or makes the object: those fields are the manager's, changed or not, and no others. Else null.
void RecordManagedFields(const ManagedWrite& write, const schema::Message* before,
                         const ManagedPaths* said, schema::Message* after);

}  // namespace reeve::apiserver
