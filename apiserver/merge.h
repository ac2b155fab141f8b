// Apply's merge: what a manifest mentions goes into the live object, what it does not mention
// stays.
//
// Messages and maps are merged field by field; lists with a merge key item by item, sets by value;
// other lists are replaced as a whole. A mentioned field that holds its zero value is set to it:
// `cordoned: false` says something. Removal of what is no longer mentioned: field_ownership.h.
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "base/field_path.h"

namespace reeve::apiserver {

using google::protobuf::Message;

// Mentioned paths as a tree. Example: spec.domains[0], spec.blob -> {spec: {domains: {[0]: {}},
// blob: {}}}.
struct MentionTree {
  std::map<FieldPath::Step, MentionTree> children;
};

// INVALID_ARGUMENT for a path that is none, too many paths, and too many steps.
absl::StatusOr<MentionTree> ParseMentions(const std::vector<std::string>& paths);
// Of one path.
MentionTree MentionOf(const FieldPath& path);

// Merges `from`'s fields below `tree` into `to`; everything that `from` has set when `tree` has no
// children. Names that are no fields (apiVersion, kind) are passed over. REQUIRES: same type.
void MergeMentioned(const Message& from, const MentionTree& tree, Message* to);

// The fields that `tree` names and that hold their zero value in `from`, where nothing in the
// message tells that it was said: `value: ""`, `enabled: false`, an empty list that is one value.
// Items of lists by their keys.
std::vector<FieldPath> MentionedZeros(const Message& from, const MentionTree& tree);

}  // namespace reeve::apiserver
