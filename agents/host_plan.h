// What to do next on this host: a pure function of what was accepted (the ledger) and what is there
// (the inventory).
//
// Nothing differs, nothing is planned. Something foreign in the way refuses the whole Work, and
// nothing of it is done. A plan is one stage: things are built, then routes follow in one nginx
// generation for all, then what nobody wants is taken down by recorded identity; the next stage is
// planned from a new inventory. Order within everything is by name.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <set>
#include <string>

#include "agents/provider.h"
#include "reeve/agent/v1/ledger.pb.h"
#include "reeve/agent/v1/plan.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

// The lane of all routes.
inline constexpr std::string_view kNginxLane = "nginx";

// Files as they are wanted, with their mark. Pure; INVALID_ARGUMENT names the field.
struct Renderers {
  std::function<absl::StatusOr<std::string>(const v1::Artifact::Unit&, const std::string& owner,
                                            const pb::Inventory&)>
      unit;
  std::function<absl::StatusOr<std::string>(const v1::Artifact::NginxSite&,
                                            const std::string& owner)>
      site;
};

struct HostPlanInput {
  const pb::Ledger* ledger = nullptr;
  const pb::Inventory* inventory = nullptr;
  const HostPaths* paths = nullptr;
  const Renderers* renderers = nullptr;
  // Works, or kNginxLane, that failed and wait: nothing is done for them, their routes stay as they
  // are.
  std::set<std::string> held;
  // Works whose program ended so often that systemd gave up: it is not started again yet.
  std::set<std::string> resting;
};

pb::Plan MakeHostPlan(const HostPlanInput& input);

}  // namespace reeve::agents
