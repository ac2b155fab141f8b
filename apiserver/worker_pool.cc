#include "apiserver/worker_pool.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"

namespace reeve::apiserver {

WorkerPool::WorkerPool(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<Thread>(fmt::format("worker-{}", i), [this] { Loop(); }));
  }
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  cv_.SignalAll();
  threads_.clear();
}

bool WorkerPool::Run(std::function<void()> work) {
  {
    MutexLock lock(&mu_);
    if (stopping_ || waiting_.size() >= kRequestsWaitingMax) return false;
    waiting_.push_back(std::move(work));
  }
  cv_.Signal();
  return true;
}

void WorkerPool::Loop() {
  for (;;) {
    std::function<void()> work;
    {
      MutexLock lock(&mu_);
      while (waiting_.empty() && !stopping_) cv_.Wait(&mu_);
      if (waiting_.empty()) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace reeve::apiserver
