// System users of Sites: locked, with a group of their own that has the same name and number,
// marked as ours in the comment field of /etc/passwd.
#pragma once

#include <memory>

#include "agents/provider.h"

namespace reeve::agents::users {

std::unique_ptr<HostProvider> NewUsersProvider(const Host& host);

}  // namespace reeve::agents::users
