// What `reeve-agent join` does once, so that nginx reads what Reeve writes.
#pragma once

#include <absl/status/status.h>

#include "agents/provider.h"

namespace reeve::agents::nginx {

// Makes the empty generation 0, the hook file conf.d/zz-reeve.conf that includes the live
// generation, and a drop-in that has systemd restart nginx when it is killed; then proves that
// nginx serves it. Idempotent. Nothing is changed when FAILED_PRECONDITION says that nginx is
// missing or that Debian's default site is in the way: with `disable_distro_default` its link in
// sites-enabled is removed, and its target kept in <state>/disabled-distro-default.
absl::Status Prepare(const Host& host, bool disable_distro_default);

}  // namespace reeve::agents::nginx
