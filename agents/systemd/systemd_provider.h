// Units of Process sites: their files, and whether they run.
#pragma once

#include <memory>

#include "agents/provider.h"

namespace reeve::agents::systemd {

// Runs WriteUnit, RunUnit, StopUnit, RemoveUnit, DaemonReload; observes units and systemd's
// version.
std::unique_ptr<HostProvider> NewSystemdProvider(const Host& host);

}  // namespace reeve::agents::systemd
