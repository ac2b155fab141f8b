// Threads for requests that wait for the disk. gRPC's own threads are few and must not block: with
// them alone, few commits would wait together, and each sync would serve few.
//
// Bounded: when kRequestsWaitingMax wait, Run refuses. Thread safety: safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"

namespace reeve::apiserver {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  // Runs what is waiting, then ends.
  ~WorkerPool();

  // False when too much is waiting; `work` is then not run.
  bool Run(std::function<void()> work);

 private:
  void Loop();

  Mutex mu_;
  CondVar cv_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Thread>> threads_;  // Last: they end before the rest.
};

}  // namespace reeve::apiserver
