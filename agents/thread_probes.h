// Probes of the network in threads of their own.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "agents/probe_runner.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace reeve::agents {

// Makes probes in threads of its own, and calls `wake` when one has ended. Destroying it waits for
// the probes that are being made. Thread safety: safe.
class ThreadProbes final : public ProbeRunner {
 public:
  ThreadProbes(Net* net, int threads, std::function<void()> wake);
  ~ThreadProbes() override;
  void Start(uint64_t id, const v1::Artifact::Probe& probe) override;
  std::vector<Ended> Take() override;

 private:
  struct Wanted {
    uint64_t id = 0;
    v1::Artifact::Probe probe;
  };
  void Work();
  // False when there is nothing more to do, ever.
  bool Next(Wanted* wanted);

  Net* const net_;
  const std::function<void()> wake_;
  Mutex mu_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<Wanted> wanted_ ABSL_GUARDED_BY(mu_);
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace reeve::agents
