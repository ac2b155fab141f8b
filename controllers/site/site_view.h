// A Site and what exists for it.
#pragma once

#include <string>
#include <vector>

#include "controllers/runtime/world.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/instance.pb.h"
#include "reeve/v1/site.pb.h"

namespace reeve::controllers {

struct SiteView {
  const World& world;
  const v1::Site& site;
  std::vector<const v1::Instance*> instances;  // Its own, by ordinal.
  std::vector<const v1::Domain*> domains;      // Its own, by name.
};
SiteView LookAtSite(const World& world, const v1::Site& site);

// "<site>-<ordinal>".
std::string InstanceName(const v1::Site& site, int ordinal);

// The spec of the site's copy `ordinal`, with nothing left to look up; `host` stays with it.
v1::InstanceSpec ResolveSpec(const v1::Site& site, int ordinal, const std::string& host);

// It has the spec that the site wants now.
bool IsUpToDate(const v1::Site& site, const v1::Instance& instance);
// Up to date or not: confirmed healthy at its own spec.
bool IsReady(const v1::Instance& instance);
// Its host was given up, or is gone for good.
bool HasLostHost(const World& world, const v1::Instance& instance);

}  // namespace reeve::controllers
