// What the provider and `join` share: nginx of this host as Reeve uses it. Thread-compatible.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "agents/nginx/candidate.h"
#include "agents/provider.h"

namespace reeve::agents::nginx {

inline constexpr auto kUnit = "nginx.service";
inline constexpr auto kHookFile = "conf.d/zz-reeve.conf";  // Below paths.nginx.

std::string ReeveDir(const HostPaths& paths);  // /etc/nginx/reeve

absl::StatusOr<bool> IsInstalled(const Host& host);

// Tests the configuration with `staged` (absolute) in the place of the live generation, in mounts
// of its own. With an empty `staged`: as it is. An error: it could not be tested.
absl::StatusOr<Trial> TestConf(const Host& host, const std::string& staged,
                               const std::string& run_name);

// Reloads, and waits until nginx answers with `generation`.
absl::Status ReloadAndProve(const Host& host, int64_t generation);

// Does it serve `generation` now?
bool Serves(const Host& host, int64_t generation);

}  // namespace reeve::agents::nginx
