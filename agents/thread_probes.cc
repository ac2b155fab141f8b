#include "agents/thread_probes.h"

#include <utility>

namespace reeve::agents {

ThreadProbes::ThreadProbes(Net* net, int threads, std::function<void()> wake)
    : net_(net), wake_(std::move(wake)) {
  for (int i = 0; i < threads; ++i)
    threads_.push_back(std::make_unique<Thread>("probe", [this] { Work(); }));
}

ThreadProbes::~ThreadProbes() {
  {
    MutexLock lock(&mu_);
    stopped_ = true;
    changed_.SignalAll();
  }
  threads_.clear();  // Joins them.
}

void ThreadProbes::Start(uint64_t id, const v1::Artifact::Probe& probe) {
  MutexLock lock(&mu_);
  wanted_.push_back({id, probe});
  changed_.Signal();
}

std::vector<ProbeRunner::Ended> ThreadProbes::Take() {
  MutexLock lock(&mu_);
  return std::exchange(ended_, {});
}

bool ThreadProbes::Next(Wanted* wanted) {
  MutexLock lock(&mu_);
  while (!stopped_ && wanted_.empty()) changed_.Wait(&mu_);
  if (stopped_) return false;
  *wanted = std::move(wanted_.front());
  wanted_.pop_front();
  return true;
}

void ThreadProbes::Work() {
  for (Wanted wanted; Next(&wanted);) {
    Ended ended = {wanted.id, RunProbe(net_, wanted.probe)};
    {
      MutexLock lock(&mu_);
      ended_.push_back(std::move(ended));
    }
    wake_();
  }
}

}  // namespace reeve::agents
