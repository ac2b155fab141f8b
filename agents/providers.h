// Every provider of the agent, and every renderer.
#pragma once

#include "agents/host_plan.h"
#include "agents/provider.h"

namespace reeve::agents {

// In the order in which they are observed. `host` is copied; what it points to must outlive them.
Providers NewProviders(const Host& host);

Renderers NewRenderers(const HostPaths& paths);

}  // namespace reeve::agents
