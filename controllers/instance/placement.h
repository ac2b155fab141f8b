// Which Host an Instance goes to. Pure and deterministic.
#pragma once

#include <string>

#include "controllers/runtime/world.h"
#include "reeve/v1/instance.pb.h"

namespace reeve::controllers {

struct Choice {
  std::string host;     // Empty: none fits.
  std::string why_not;  // Then: each host that was looked at, and why it was not taken.
};

// Of the hosts that may be used (placement.hosts, or all) the ready, not cordoned ones with the
// labels, not used by another copy of the site unless allow_same_host. The one with fewest copies
// of this site is taken, then by the order of placement.hosts, or fewest instances and then name.
Choice Place(const World& world, const v1::Instance& instance);

}  // namespace reeve::controllers
