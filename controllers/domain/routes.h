// Which hosts a Domain is routed on, and to which copy of its Site. Pure; rendered from confirmed
// facts only.
#pragma once

#include <map>
#include <string>

#include "controllers/runtime/world.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::controllers {

// The Works that the domain wants, by host. A host gets its route when a copy on it is confirmed
// healthy; once it has one it keeps it while the copy is there, healthy or not. A copy that is on
// its way out, or whose host was given up, has none. What a copy not confirmed at its newest
// version serves is taken from the route that is in place.
std::map<std::string, v1::Work> RenderRoutes(const World& world, const v1::Domain& domain);

// The Works that the domain has, by host.
std::map<std::string, const v1::Work*> RoutesInPlace(const World& world, const v1::Domain& domain);

}  // namespace reeve::controllers
