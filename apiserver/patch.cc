#include "apiserver/patch.h"

#include <utility>

#include "apiserver/violations.h"
#include "base/status.h"
#include "proto/schema/json_patch.h"

namespace reeve::apiserver {
namespace {

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/: what identifies an
// object cannot be changed.
schema::Violations ChangedIdentity(const v1::ObjectMeta& before, const v1::ObjectMeta& after) {
  schema::Violations violations;
  const auto check = [&](std::string_view field, const std::string& old, const std::string& now) {
    if (old != now) AddViolation(&violations, field, "field is immutable");
  };
  check("metadata.name", before.name(), after.name());
  check("metadata.namespace", before.namespace_(), after.namespace_());
  return violations;
}

}  // namespace

absl::StatusOr<ObjectPtr> UpdateOf(const schema::KindRegistry& kinds, const Message& live,
                                   const v1::PatchRequest& request) {
  absl::StatusOr<ObjectPtr> patched =
      schema::Patched(live, request.type(), request.document(), kinds);
  if (!patched.ok()) return patched.status();
  v1::ObjectMeta* meta = schema::MutableMeta(patched->get());
  const v1::ObjectMeta& before = schema::Meta(live);
  RETURN_IF_ERROR(schema::ToStatus(ChangedIdentity(before, *meta), schema::KeyOf(live)));
  const bool modified =
      !meta->resource_version().empty() && meta->resource_version() != before.resource_version();
  if (modified) return ModifiedError(*schema::KindOf(live, kinds), before.name());
  meta->set_resource_version(before.resource_version());
  // A patch may say of which object it speaks, and need not: what is wrong is a conflict, as in an
  // update.
  if (meta->uid().empty()) meta->set_uid(before.uid());
  return patched;
}

}  // namespace reeve::apiserver
