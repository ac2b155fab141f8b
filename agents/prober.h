// Whether what runs also works: http, tcp and content probes with thresholds.
//
// A probe with an HTTP path is healthy with its first answer of 200-399; one without is healthy
// when TCP connections have succeeded for 5 s; one of a content directory when its current release
// is there. What was not healthy once within its start period is unhealthy until it is. After that,
// failure_threshold consecutive failures make it unhealthy, and one success healthy again.
//
// A port on which another user's process listens is unhealthy at once, whatever it answers: a site
// may take the port of another one that has just ended. That is looked at before each probe, and
// every kOwnersPeriod.
//
// No thread, no clock: ProcessOne is a step, which waits for no probe. Thread-compatible.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agents/os/files.h"
#include "agents/os/net.h"
#include "agents/probe_runner.h"
#include "base/clock.h"
#include "reeve/v1/meta.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

class Prober {
 public:
  struct Target {
    std::string work;
    std::string hash;  // Of the spec that is on the host: another one is probed anew.
    v1::Artifact::Probe probe;
    uint32_t uid = 0;  // Of the process that is to answer; 0: anybody.
    // Known from before a restart of the agent: it starts as healthy.
    std::optional<absl::Time> healthy_since;
  };
  struct Health {
    v1::Condition::Status status = v1::Condition::Unknown;
    std::string reason = "Starting";
    std::string message;
    std::optional<absl::Time> healthy_since;
    absl::Duration since = absl::ZeroDuration();  // Monotonic: when this target was first seen.
    bool was_healthy = false;                     // At least once.
  };
  struct Changes {
    bool any = false;    // Health of a target, or its message.
    bool worse = false;  // A target became unhealthy.
  };

  // None is owned. `content_root` is the directory of contents.
  Prober(Net* net, ProbeRunner* runner, Files* files, std::string content_root)
      : net_(net), runner_(runner), files_(files), content_root_(std::move(content_root)) {}

  // What to probe from now on: at most one target per Work.
  void SetTargets(const std::vector<Target>& targets, Now now);
  // Begins the probes that are due, and takes the results of those that ended.
  Changes ProcessOne(Now now);
  // nullptr: no such target.
  const Health* Find(const std::string& work) const;
  // On the monotonic clock; InfiniteDuration when there is nothing to probe.
  absl::Duration NextDue() const;

 private:
  struct State {
    Target target;
    Health health;
    bool stolen = false;   // Another user's process listens on its port.
    uint64_t running = 0;  // The probe that is being made; 0: none.
    int failures = 0;
    std::optional<absl::Duration> first_success;
    absl::Duration due = absl::ZeroDuration();
  };
  std::map<uint32_t, int> RunningByUser() const;
  std::vector<State*> Due(Now now);
  absl::Duration OwnersDue() const;
  Changes LookAtOwners(Now now);
  static bool TakeOwner(const std::vector<TcpListener>& listeners, State* state);
  void Begin(Now now, State* state, Changes* changes);
  void End(const absl::Status& result, Now now, State* state, Changes* changes);
  static void SetDue(Now now, State* state);
  absl::Status ProbeContent(const v1::Artifact::Probe& probe);
  static bool Take(const absl::Status& result, Now now, State* state);
  static bool TakeSuccess(Now now, State* state);
  static bool TakeStarting(const std::string& message, Now now, Health* health,
                           const v1::HealthCheck& check);

  Net* const net_;
  ProbeRunner* const runner_;
  Files* const files_;
  const std::string content_root_;
  std::map<std::string, State> states_;  // By Work.
  absl::Duration owners_due_ = absl::ZeroDuration();
  uint64_t last_id_ = 0;
};

// With the schema's defaults where the check leaves something out.
absl::Duration ProbeInterval(const v1::HealthCheck& check);
absl::Duration ProbeTimeout(const v1::HealthCheck& check);
absl::Duration ProbeStartPeriod(const v1::HealthCheck& check);
int ProbeFailureThreshold(const v1::HealthCheck& check);

}  // namespace reeve::agents
