// Steps as text: for errors, logs and goldens.
#pragma once

#include <string>

#include "reeve/agent/v1/plan.pb.h"
#include "reeve/agent/v1/step.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

// "start unit reeve-x".
std::string Describe(const pb::Step& step);

// A plan as a person reads it, one step a line.
std::string Describe(const pb::Plan& plan);

}  // namespace reeve::agents
