// Which Instances a change is about.
#pragma once

#include <vector>

#include "controllers/runtime/world.h"

namespace reeve::controllers {

// Work: its Instance; a route: those on the host that wait to be taken down. Port: its holders.
// Host: those on it, and those without a host. Instance that moved or went: its siblings without a
// host.
std::vector<ObjectKey> WakesInstances(const World& world, const v1::Object* before,
                                      const v1::Object* after);

}  // namespace reeve::controllers
