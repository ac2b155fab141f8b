// What the agent says about a Work: a pure function of what it recorded, what failed last, and what
// the probe saw.
#pragma once

#include "agents/attempts.h"
#include "agents/crashes.h"
#include "agents/prober.h"
#include "reeve/agent/v1/ledger.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

struct WorkFacts {
  const pb::Ledger::Entry* entry = nullptr;
  const Attempt* attempt = nullptr;        // Of the last failure or refusal; nullptr: none.
  const Prober::Health* health = nullptr;  // nullptr: the Work has no Probe.
  const Crashes::Crash* crash = nullptr;   // nullptr: the Work has no unit.
};

// `before`: the status that the server has; times of conditions that do not move are kept from it.
v1::WorkStatus MakeWorkStatus(const WorkFacts& facts, const v1::WorkStatus& before, absl::Time now);

// The probe of a spec; nullptr when it has none.
const v1::Artifact::Probe* FindProbe(const v1::WorkSpec& spec);

}  // namespace reeve::agents
