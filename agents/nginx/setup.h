// What `reeve-agent join` does once, and each sweep again when it is lost, so that nginx reads what
// Reeve writes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "agents/provider.h"

namespace reeve::agents::nginx {

// Makes the empty generation 0, the hook file conf.d/zz-reeve.conf that includes the live
// generation, and a drop-in that has systemd restart nginx when it is killed; then proves that
// nginx serves it. Idempotent. Nothing is changed when FAILED_PRECONDITION says that nginx is
// missing or that Debian's default site is in the way: with `disable_distro_default` its link in
// sites-enabled is removed, and its target kept in <state>/disabled-distro-default.
absl::Status Prepare(const Host& host, bool disable_distro_default);

// Makes again what is missing of that, or has been edited, and says what it was. Routes are left to
// the next plan: nginx is reloaded here only when they are all there and it does not serve them. No
// error where nginx is not installed. FAILED_PRECONDITION: nginx refuses its configuration, or a
// file that was not made by Reeve is in the way; the hook is not made then.
absl::StatusOr<std::vector<std::string>> Restore(const Host& host);

}  // namespace reeve::agents::nginx
