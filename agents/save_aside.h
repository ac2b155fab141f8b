// Keeps what somebody edited, before it is restored: <state>/drift.
#pragma once

#include <memory>

#include "agents/provider.h"

namespace reeve::agents {

std::unique_ptr<HostProvider> NewSaveAside(const Host& host);

}  // namespace reeve::agents
