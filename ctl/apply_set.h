// An apply set: the objects that one directory of manifests stands for, by a label, so that what is
// no longer in the manifests can be found and deleted. As kubectl's ApplySets (KEP-3659), without
// an object for the set: the label is the set.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ctl/session.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {

// "<namespace>.<name of the set>": the same name in another namespace is another set.
inline constexpr std::string_view kApplySetLabel = "reeve/part-of";

// What an apply means for its set. Made before anything is written, so that it can be refused.
struct ApplySet {
  std::string id;  // Empty: the apply is of no set.
  bool prune = false;
  // Members that the manifests no longer hold, what is in namespaces first.
  std::vector<v1::Object> leaving;
};

// By --applyset, --prune and --yes. Labels the manifests as members, and looks for those that
// leave. INVALID_ARGUMENT: --prune without a set, a name that is none, more than ten that leave
// without --yes, and an object of the manifests that another set holds.
absl::StatusOr<ApplySet> JoinApplySet(Session& session, std::vector<schema::Manifest>* manifests);

// Deletes those that leave, unless the set is not to be pruned; says each: "site/old pruned".
void Prune(Session& session, const ApplySet& set);

}  // namespace reeve::ctl
