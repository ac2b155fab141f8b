#include "controllers/instance/routed.h"

#include <fmt/format.h>

#include "controllers/domain/routes.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

using client::Finding;
using v1::Condition;

// The Work of `domain` on `host`; nullptr: none.
const v1::Work* RouteOn(const World& world, const v1::Domain& domain, const std::string& host) {
  const std::map<std::string, const v1::Work*> routes = RoutesInPlace(world, domain);
  const auto found = routes.find(host);
  return found == routes.end() ? nullptr : found->second;
}

}  // namespace

std::optional<Finding> RoutedFinding(const World& world, const v1::Instance& instance) {
  const std::string& host = instance.spec().host();
  std::optional<Finding> waiting;
  bool told = false;
  for (const v1::Domain* domain : IndexedIn<v1::Domain>(world, instance.metadata().namespace_(),
                                                        "spec.site", instance.spec().site())) {
    if (client::IsDeleting(domain->metadata())) continue;
    const v1::Work* route = RouteOn(world, *domain, host);
    told = told || route != nullptr;
    if (route != nullptr && IsFailed(*route)) {
      const Trouble trouble = TroubleOf(*route);
      return Finding{client::kRouted, Condition::False, trouble.reason,
                     fmt::format("{}: {}", domain->spec().hostname(), trouble.message)};
    }
    if (waiting || (route != nullptr && IsConfirmed(*route))) continue;
    waiting = {client::kRouted, Condition::False, "Routing",
               fmt::format("{}: not routed on host {} yet", domain->spec().hostname(), host)};
  }
  if (!told) return std::nullopt;
  if (waiting) return waiting;
  return Finding{client::kRouted, Condition::True, "Routed",
                 fmt::format("every name is routed on host {}", host)};
}

}  // namespace reeve::controllers
