// How the end of an owner spreads to its dependents, by Kubernetes' rules
// (https://kubernetes.io/docs/concepts/architecture/garbage-collection/). Pure.
#pragma once

#include "base/clock.h"
#include "controllers/runtime/effect.h"
#include "controllers/runtime/world.h"

namespace reeve::controllers {

// An object that is being deleted and waits for its dependents.
bool WaitsForDependents(const v1::Object& object);

// For such an object: its dependents are deleted (foreground) or let go (orphan); then its
// finalizer is taken away. What its own controller takes down, in an order of its own, is left to
// that controller as long as its finalizer is there.
Outcome FinishOwner(const World& world, const v1::Object& owner, Now now);

// For an object with owners: deleted when all of them are gone; while one is left, only the
// references to the others are removed.
Outcome CollectDependent(const World& world, const v1::Object& object);

// The owners of `object` that wait for it.
void AddWaitingOwners(const World& world, const v1::Object* object, std::vector<ObjectKey>* keys);

}  // namespace reeve::controllers
