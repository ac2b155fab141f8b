// Threads for requests that wait for the disk. gRPC's own threads are few and must not block: with
// them alone, few commits would wait together, and each sync would serve few.
//
// Four classes of requests, each with threads of its own: a flood of one never takes those of
// another, so that heartbeats pass whatever people list. Threads that nobody reserves go to whoever
// comes first, highest class first; lists get none of them, because each takes processors and
// memory for long.
//
// Bounded: when too many of a class wait, Run refuses. Thread safety: safe.
#pragma once

#include <absl/time/time.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/identity.h"
#include "base/executor.h"
#include "base/mutex.h"

namespace reeve::apiserver {

enum class Priority {
  kSystem,       // Heartbeats, leases, what hosts report.
  kControllers,  // What makes the estate converge.
  kPeople,
  kLists,  // Whole lists, whoever asks.
};
inline constexpr size_t kPriorities = 4;

// The class of a request of `who` about objects of `resource` (plural) that is no whole list.
Priority PriorityOf(const Identity& who, const std::string& resource);

class WorkerPool {
 public:
  struct Class {
    int reserved = 0;     // Threads that no other class gets.
    int running_max = 0;  // At once.
    size_t waiting_max = 0;
  };
  struct Options {
    int threads = 0;  // At least the sum of what is reserved.
    std::array<Class, kPriorities> classes;
  };
  // `shared` threads beside those reserved.
  static Options Defaults(int shared);

  explicit WorkerPool(int shared) : WorkerPool(Defaults(shared)) {}
  explicit WorkerPool(const Options& options);
  // Runs what is waiting, then ends.
  ~WorkerPool();

  // False when too much is waiting; `work` is then not run.
  bool Run(std::function<void()> work, Priority priority = Priority::kPeople);

  // Asks to serve a request on the caller's own thread, while this lives. alone(): it may, because
  // nothing else runs or waits, so that there is nobody whom this thread would keep from being
  // served; and the request need not wait for another thread to wake up. Of any number of callers
  // at most one is alone.
  class Alone {
   public:
    explicit Alone(WorkerPool* pool) : pool_(pool) {
      int none = 0;
      alone_ = pool_->busy_.compare_exchange_strong(none, 1);
    }
    ~Alone() {
      if (alone_) --pool_->busy_;
    }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;
    bool alone() const { return alone_; }

   private:
    WorkerPool* const pool_;
    bool alone_ = false;
  };

 private:
  struct Lane {
    std::deque<std::function<void()>> waiting;
    int running = 0;
  };
  void Loop();
  bool MayRunLocked(size_t lane) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The lane whose turn it is; kPriorities: nothing can run now.
  size_t NextLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool DrainedLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  std::atomic<int> busy_ = 0;  // Requests running or waiting, and whoever is alone.
  mutable Mutex mu_;
  CondVar cv_;
  std::array<Lane, kPriorities> lanes_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Thread>> threads_;  // Last: they end before the rest.
};

// After how long a client that was refused should try again: between half a second and one and a
// half, at random, so that those who were refused together do not come back together.
absl::Duration RetryAfter();

}  // namespace reeve::apiserver
