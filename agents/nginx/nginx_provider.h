// Routes: one generation of files for all sites of the host, tested as it will be loaded, switched
// by one rename, and proved by asking nginx which generation it serves.
#pragma once

#include <memory>

#include "agents/provider.h"

namespace reeve::agents::nginx {

// Runs StageSites and SwitchSites; observes sites and nginx.
std::unique_ptr<HostProvider> NewNginxProvider(const Host& host);

}  // namespace reeve::agents::nginx
