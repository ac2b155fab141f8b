// Patches of objects, as documents in Kubernetes' JSON dialect. Pure.
//
// MERGE is RFC 7386, JSON is RFC 6902, STRATEGIC is Kubernetes' strategic merge patch: a merge
// patch whose lists with a merge key are merged item by item and whose sets are united, with the
// directives $patch, $retainKeys, $deleteFromPrimitiveList/ and $setElementOrder/.
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
// https://github.com/kubernetes/community/blob/master/contributors/devel/
// sig-api-machinery/strategic-merge-patch.md
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "proto/schema/object.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::schema {

// `live` as `document` changes it, of `registry`'s Object type. What the object shows as "***" a
// patch may replace, not read: it can be neither copied nor moved elsewhere.
//
// INVALID_ARGUMENT: no such document, an operation that cannot be done (with its number and path),
// or a result that is no object, with everything that is wrong with it. RESOURCE_EXHAUSTED: larger
// than kPatchBytesMax, kJsonPatchOperationsMax or kJsonPatchCopyBytesMax allow.
absl::StatusOr<std::unique_ptr<Message>> Patched(
    const Message& live, v1::PatchRequest::Type type, std::string_view document,
    const KindRegistry& registry = KindRegistry::Get());

// The merge patch that makes `after` of `before`; "{}" when nothing differs. What they show as
// "***" does not differ.
std::string MergePatch(const Message& before, const Message& after);

}  // namespace reeve::schema
