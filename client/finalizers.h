// Finalizers: who still has to do something before an object may go.
#pragma once

#include <string_view>

#include "reeve/v1/meta.pb.h"

namespace reeve::client {

// Each is taken away by the reconciler of the kind, when what the object stood for is gone.
inline constexpr char kSiteFinalizer[] = "reeve/site";
inline constexpr char kInstanceFinalizer[] = "reeve/instance";
inline constexpr char kDomainFinalizer[] = "reeve/domain";
inline constexpr char kHostFinalizer[] = "reeve/instances";
// On Works: the host has not confirmed yet that everything is removed.
inline constexpr char kWorkFinalizer[] = "reeve/host";

bool HasFinalizer(const v1::ObjectMeta& meta, std::string_view name);
void AddFinalizer(v1::ObjectMeta* meta, std::string_view name);  // Idempotent.
void RemoveFinalizer(v1::ObjectMeta* meta, std::string_view name);
inline bool IsDeleting(const v1::ObjectMeta& meta) { return meta.has_deletion_timestamp(); }

// The reference that `owner` (of `kind`) leaves on what it makes: controller and
// blockOwnerDeletion are true, so that a foreground deletion of the owner waits for it.
v1::OwnerReference ControllerRef(std::string_view kind, const v1::ObjectMeta& owner);
// The controller's reference, nullptr when it has none.
const v1::OwnerReference* FindController(const v1::ObjectMeta& meta);
bool IsControlledBy(const v1::ObjectMeta& meta, std::string_view uid);

}  // namespace reeve::client
