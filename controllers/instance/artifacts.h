// What an Instance wants on its Host, as a Work. Pure rendering, with goldens.
#pragma once

#include <string>

#include "reeve/v1/instance.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::controllers {

// The name of its content directory and unit on the host, and of its Work.
std::string InstanceHostName(const v1::Instance& instance);

// User, Unpack, Unit, Probe for a Process; Unpack, Probe for a Static. `port` is 0 for a Static.
// REQUIRES: placed, with content.
v1::Work RenderInstanceWork(const v1::Instance& instance, int port);

}  // namespace reeve::controllers
