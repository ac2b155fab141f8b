// Which units end again and again by themselves, why, and when one that systemd gave up is started
// again.
//
// systemd restarts a program that ends, and gives up when that happens too often. The agent starts
// it again after 10 s, then 20 s, up to 5 minutes, as kubelet does: never in every look at the
// host. The pause is forgotten when the spec changes, and when a program has run for 10 minutes.
// Kept in memory only. Thread-compatible.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "reeve/agent/v1/inventory.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

class Crashes {
 public:
  struct Crash {
    std::string hash;      // Of the spec that runs.
    std::string unit;      // Without .service.
    bool looping = false;  // It ended again and again, and was not healthy since.
    std::string
        ending;       // How it was first seen to end: "exit status 1". Stays until it is healthy.
    std::string run;  // The invocation that is not to be counted (again).
    uint32_t restarts_before = 0;
    bool resting = false;  // systemd gave up, and it is not yet `retry_at`.
    int given_up = 0;
    absl::Duration retry_at = absl::ZeroDuration();  // On the monotonic clock.
  };
  struct Seen {
    std::string hash;
    bool healthy = false;  // By its probe.
    const pb::Inventory::Unit* unit = nullptr;
  };

  // What this look at the host shows of the unit of `work`.
  void Look(const std::string& work, const Seen& seen, Now now);
  void Forget(const std::string& work) { crashes_.erase(work); }

  static std::string Message(const Crash& crash);  // For people, one line.
  std::set<std::string> Resting() const;           // Works, as of their last look.
  const Crash* Find(const std::string& work) const;
  // When the next one is to be started again; InfiniteDuration when none rests. What was due at
  // `passed`, the last look at the host, has had its turn.
  absl::Duration NextRetry(absl::Duration passed) const;

 private:
  std::map<std::string, Crash> crashes_;
};

}  // namespace reeve::agents
