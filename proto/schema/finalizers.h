// Finalizers that every kind knows: how the deletion of an owner spreads to its dependents, in
// Kubernetes' words. The API server puts them there, the garbage collector takes them away.
#pragma once

namespace reeve::schema {

// The owner waits until the dependents that block it are gone.
inline constexpr char kForegroundFinalizer[] = "foregroundDeletion";
// The owner waits until no dependent names it any more; they stay.
inline constexpr char kOrphanFinalizer[] = "orphan";

}  // namespace reeve::schema
