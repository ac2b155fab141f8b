#include "apiserver/worker_pool.h"

#include <absl/random/random.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace reeve::apiserver {
namespace {

constexpr int kSystemThreads = 8;
constexpr int kControllerThreads = 8;
constexpr int kPeopleThreads = 8;
constexpr int kListThreads = 4;
constexpr size_t kListsWaitingMax = 256;

}  // namespace

Priority PriorityOf(const Identity& who, const std::string& resource) {
  if (who.role == Identity::Role::kHost) return Priority::kSystem;
  if (who.role != Identity::Role::kController) return Priority::kPeople;
  return resource == "leases" ? Priority::kSystem : Priority::kControllers;
}

WorkerPool::Options WorkerPool::Defaults(int shared) {
  Options options;
  options.threads = shared + kSystemThreads + kControllerThreads + kPeopleThreads + kListThreads;
  options.classes = {{{kSystemThreads, options.threads, kRequestsWaitingMax},
                      {kControllerThreads, options.threads, kRequestsWaitingMax},
                      {kPeopleThreads, options.threads, kRequestsWaitingMax},
                      {kListThreads, kListThreads, kListsWaitingMax}}};
  return options;
}

WorkerPool::WorkerPool(const Options& options) : options_(options) {
  for (int i = 0; i < options.threads; ++i) {
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

bool WorkerPool::Run(std::function<void()> work, Priority priority) {
  const auto lane = static_cast<size_t>(priority);
  {
    MutexLock lock(&mu_);
    if (stopping_ || lanes_[lane].waiting.size() >= options_.classes[lane].waiting_max)
      return false;
    lanes_[lane].waiting.push_back(std::move(work));
    ++busy_;
  }
  cv_.Signal();
  return true;
}

bool WorkerPool::MayRunLocked(size_t lane) const {
  const int running = lanes_[lane].running;
  if (lanes_[lane].waiting.empty() || running >= options_.classes[lane].running_max) return false;
  if (running < options_.classes[lane].reserved) return true;
  int taken = 0;  // By somebody, or kept for somebody.
  for (size_t i = 0; i < kPriorities; ++i)
    taken += std::max(lanes_[i].running, options_.classes[i].reserved);
  return taken < options_.threads;
}

size_t WorkerPool::NextLocked() const {
  for (size_t lane = 0; lane < kPriorities; ++lane) {
    if (MayRunLocked(lane)) return lane;
  }
  return kPriorities;
}

bool WorkerPool::DrainedLocked() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const Lane& lane) { return lane.waiting.empty(); });
}

void WorkerPool::Loop() {
  for (;;) {
    std::function<void()> work;
    size_t lane = kPriorities;
    {
      MutexLock lock(&mu_);
      for (lane = NextLocked(); lane == kPriorities; lane = NextLocked()) {
        if (stopping_ && DrainedLocked()) return;
        cv_.Wait(&mu_);
      }
      work = std::move(lanes_[lane].waiting.front());
      lanes_[lane].waiting.pop_front();
      ++lanes_[lane].running;
    }
    work();
    work = nullptr;  // What it holds goes before somebody else may run.
    {
      MutexLock lock(&mu_);
      --lanes_[lane].running;
      --busy_;
      if (stopping_ && DrainedLocked()) cv_.SignalAll();
    }
    // Only this thread is sure to look again; another class may wait for what it gave back, and
    // takes it here, in the next round.
  }
}

absl::Duration RetryAfter() {
  thread_local absl::BitGen random;
  return absl::Milliseconds(absl::Uniform(random, 500, 1500));
}

}  // namespace reeve::apiserver
