// Where probes of the network are made: a probe that hangs takes its whole timeout, and the agent's
// loop has other things to do.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "agents/os/net.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

class ProbeRunner {
 public:
  struct Ended {
    uint64_t id = 0;
    absl::Status result;
  };

  virtual ~ProbeRunner() = default;
  // Makes `probe`, to a port of 127.0.0.1, soon.
  virtual void Start(uint64_t id, const v1::Artifact::Probe& probe) = 0;
  // What has ended since the last Take.
  virtual std::vector<Ended> Take() = 0;
};

// OK when what listens answers as the probe asks.
absl::Status RunProbe(Net* net, const v1::Artifact::Probe& probe);

// Makes each probe in Start: for simulations and tests. Thread-compatible.
class InlineProbes final : public ProbeRunner {
 public:
  explicit InlineProbes(Net* net) : net_(net) {}
  void Start(uint64_t id, const v1::Artifact::Probe& probe) override {
    ended_.push_back({id, RunProbe(net_, probe)});
  }
  std::vector<Ended> Take() override { return std::exchange(ended_, {}); }

 private:
  Net* const net_;
  std::vector<Ended> ended_;
};

}  // namespace reeve::agents
