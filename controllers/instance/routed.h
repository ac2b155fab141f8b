// What its host says about the routes that lead to an Instance.
#pragma once

#include <optional>

#include "client/conditions.h"
#include "controllers/runtime/world.h"
#include "reeve/v1/instance.pb.h"

namespace reeve::controllers {

// Of all names of its site on its host: the first that could not be routed, with nginx's own words;
// else the first that is not yet. nullopt: its host has not been told of any.
std::optional<client::Finding> RoutedFinding(const World& world, const v1::Instance& instance);

}  // namespace reeve::controllers
