// The whole inventory: what every provider sees, who listens, and which runtimes there are.
#pragma once

#include <absl/status/statusor.h>

#include <vector>

#include "agents/provider.h"
#include "reeve/agent/v1/ledger.pb.h"
#include "reeve/v1/host.pb.h"

namespace reeve::agents {

// A part that cannot be seen is an error: an unknown host is never planned for.
absl::StatusOr<pb::Inventory> Observe(const Providers& providers, const Host& host);

// Listeners on TCP ports that are neither a unit's own nor of the routes of nginx that are ours: a
// Site's process on a port that is not its own is as foreign as any.
std::vector<v1::Listener> ForeignListeners(const pb::Inventory& inventory, const pb::Ledger& ledger,
                                           const HostPaths& paths);

// What bears Reeve's names or lies in Reeve's directories, and is of no Work that this host knows.
std::vector<std::string> ForeignThings(const pb::Inventory& inventory, const pb::Ledger& ledger);

}  // namespace reeve::agents
