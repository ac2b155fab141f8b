// What a Work's status says, and about which version of it.
#pragma once

#include <string>

#include "client/conditions.h"
#include "reeve/v1/work.pb.h"

namespace reeve::controllers {

// The host has everything as this very generation wants it.
bool IsConfirmed(const v1::Work& work);
// Confirmed, and its probe succeeded at this generation.
bool IsConfirmedHealthy(const v1::Work& work);
// Confirmed, and its probe gave up on this generation: it failed too often, or its start period is
// over.
bool IsConfirmedUnhealthy(const v1::Work& work);
// The host could not do this very generation, or would not.
bool IsFailed(const v1::Work& work);

// Why it is not confirmed healthy: reason, and the first error line of its conditions.
struct Trouble {
  std::string reason;
  std::string message;
};
Trouble TroubleOf(const v1::Work& work);

// The first artifact of the kind, nullptr when there is none.
const v1::Artifact::Unit* FindUnit(const v1::WorkSpec& spec);
const v1::Artifact::NginxSite* FindRoute(const v1::WorkSpec& spec);

}  // namespace reeve::controllers
