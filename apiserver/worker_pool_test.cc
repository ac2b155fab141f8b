#include "apiserver/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "base/limits.h"

namespace reeve::apiserver {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(20);

// Work that waits until it is let go, and counts itself.
class Gate {
 public:
  std::function<void()> Work() {
    return [this] {
      MutexLock lock(&mu_);
      ++running_;
      most_ = std::max(most_, running_);
      cv_.SignalAll();
      while (!open_) cv_.Wait(&mu_);
      --running_;
      ++done_;
      cv_.SignalAll();
    };
  }
  void Open() {
    MutexLock lock(&mu_);
    open_ = true;
    cv_.SignalAll();
  }
  // Blocks until that many run; false after the deadline.
  bool AwaitRunning(int count) {
    MutexLock lock(&mu_);
    while (running_ < count) {
      if (!cv_.WaitFor(&mu_, absl::ToChronoNanoseconds(kDeadline)) && running_ < count)
        return false;
    }
    return true;
  }
  int most() {
    MutexLock lock(&mu_);
    return most_;
  }
  int done() {
    MutexLock lock(&mu_);
    return done_;
  }

 private:
  Mutex mu_;
  CondVar cv_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  int running_ ABSL_GUARDED_BY(mu_) = 0;
  int most_ ABSL_GUARDED_BY(mu_) = 0;
  int done_ ABSL_GUARDED_BY(mu_) = 0;
};

// Two threads reserved for each class but lists (one), and one that is shared.
WorkerPool::Options Small() {
  return {.threads = 8, .classes = {{{2, 8, 100}, {2, 8, 100}, {2, 8, 100}, {1, 1, 3}}}};
}

bool Passes(WorkerPool* pool, Priority priority) {
  auto done = std::make_shared<Notification>();
  auto ran = std::make_shared<std::atomic<bool>>(false);
  EXPECT_TRUE(pool->Run(
      [done, ran] {
        *ran = true;
        done->Notify();
      },
      priority));
  done->WaitFor(kDeadline);
  return *ran;
}

TEST(WorkerPool, HeartbeatsPassWhateverFloodsIt) {
  Gate gate;
  {
    WorkerPool pool(Small());
    for (const Priority priority : {Priority::kControllers, Priority::kPeople}) {
      for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.Run(gate.Work(), priority));
    }
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.Run(gate.Work(), Priority::kLists));
    // Two and two of their own, the shared one, and one list: two are left.
    ASSERT_TRUE(gate.AwaitRunning(6));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(Passes(&pool, Priority::kSystem));
    EXPECT_EQ(gate.most(), 6);
    gate.Open();
  }
  EXPECT_EQ(gate.done(), 103);  // What waits when it ends is run.
}

TEST(WorkerPool, AFloodOfListsTakesNobodysThreads) {
  Gate gate;
  WorkerPool pool(Small());
  ASSERT_TRUE(pool.Run(gate.Work(), Priority::kLists));
  ASSERT_TRUE(gate.AwaitRunning(1));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.Run(gate.Work(), Priority::kLists));
  EXPECT_FALSE(pool.Run(gate.Work(), Priority::kLists));  // Too many wait.
  for (const Priority priority : {Priority::kSystem, Priority::kControllers, Priority::kPeople}) {
    EXPECT_TRUE(Passes(&pool, priority));
  }
  EXPECT_EQ(gate.most(), 1);
  gate.Open();
}

TEST(WorkerPool, WhatNobodyReservesGoesToWhoeverComes) {
  Gate gate;
  WorkerPool pool(Small());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pool.Run(gate.Work(), Priority::kPeople));
  ASSERT_TRUE(gate.AwaitRunning(3));  // Two of their own, and the shared one.
  EXPECT_TRUE(Passes(&pool, Priority::kControllers));
  EXPECT_EQ(gate.most(), 3);
  gate.Open();
}

TEST(WorkerPool, OneRequestIsAloneWhileNothingElseRunsOrWaits) {
  Gate gate;
  WorkerPool pool(Small());
  {
    const WorkerPool::Alone first(&pool);
    EXPECT_TRUE(first.alone());
    EXPECT_FALSE(WorkerPool::Alone(&pool).alone());
  }
  ASSERT_TRUE(pool.Run(gate.Work()));
  EXPECT_FALSE(WorkerPool::Alone(&pool).alone());
  gate.Open();
  while (!WorkerPool::Alone(&pool).alone()) Passes(&pool, Priority::kPeople);
}

TEST(WorkerPool, ClassesOfRequests) {
  EXPECT_EQ(PriorityOf(Identity::Host("h1", "u"), "leases"), Priority::kSystem);
  EXPECT_EQ(PriorityOf(Identity::Host("h1", "u"), "works"), Priority::kSystem);
  EXPECT_EQ(PriorityOf(Identity::Controller("c"), "leases"), Priority::kSystem);
  EXPECT_EQ(PriorityOf(Identity::Controller("c"), "works"), Priority::kControllers);
  EXPECT_EQ(PriorityOf(Identity::Admin(), "leases"), Priority::kPeople);
  EXPECT_EQ(PriorityOf({}, "sites"), Priority::kPeople);
}

TEST(WorkerPool, RefusedClientsDoNotComeBackTogether) {
  std::set<absl::Duration> pauses;
  for (int i = 0; i < 100; ++i) {
    pauses.insert(RetryAfter());
    EXPECT_GE(*pauses.begin(), absl::Milliseconds(500));
    EXPECT_LE(*pauses.rbegin(), absl::Milliseconds(1500));
  }
  EXPECT_GT(pauses.size(), 50u);
}

}  // namespace
}  // namespace reeve::apiserver
