#include "agents/crashes.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace reeve::agents {
namespace {

constexpr char kWork[] = "default/blog";

class CrashesTest : public ::testing::Test {
 protected:
  CrashesTest() {
    unit_.set_name("reeve-blog");
    unit_.set_invocation_id("1");
    State("active", "running", 0);
    Look();
  }

  void State(const std::string& active, const std::string& sub, uint32_t restarts) {
    unit_.set_active_state(active);
    unit_.set_sub_state(sub);
    unit_.set_restarts(restarts);
  }
  void GiveUp(const std::string& run) {
    State("failed", "failed", 9);
    unit_.set_result("exit-code");
    unit_.set_exit_status(3);
    unit_.set_invocation_id(run);
    Look();
  }
  void Look() {
    crashes_.Look(kWork, {.hash = hash_, .healthy = healthy_, .unit = &unit_}, clock_.Read());
  }
  std::string Message() { return Crashes::Message(*crashes_.Find(kWork)); }
  bool Looping() { return crashes_.Find(kWork)->looping; }
  bool Resting() { return crashes_.Resting().contains(kWork); }
  // How long until it is started again.
  absl::Duration Rest() { return crashes_.NextRetry(clock_.Read().mono) - clock_.Read().mono; }

  FakeClock clock_;
  Crashes crashes_;
  pb::Inventory::Unit unit_;
  std::string hash_ = "h1";
  bool healthy_ = false;
};

TEST_F(CrashesTest, AnAccidentIsNoLoop) {
  State("activating", "auto-restart", 1);
  Look();
  State("active", "running", 2);
  Look();
  EXPECT_FALSE(Looping());
  EXPECT_EQ(crashes_.NextRetry(clock_.Read().mono), absl::InfiniteDuration());
}

TEST_F(CrashesTest, ManyRestartsAreALoopUntilItIsHealthy) {
  unit_.set_invocation_id("2");
  State("activating", "auto-restart", 3);
  unit_.set_result("signal");
  unit_.set_exit_status(11);
  Look();
  EXPECT_TRUE(Looping());
  EXPECT_EQ(Message(),
            "the program of reeve-blog.service ends again and again: killed by signal 11; see "
            "journalctl -u reeve-blog");
  State("active", "running", 4);
  unit_.set_exit_status(0);
  Look();
  EXPECT_TRUE(Looping());
  EXPECT_NE(Message().find("signal 11"), std::string::npos);
  healthy_ = true;
  Look();
  EXPECT_FALSE(Looping());
  healthy_ = false;
  State("active", "running", 6);  // Two more since it was healthy.
  Look();
  EXPECT_FALSE(Looping());
}

TEST_F(CrashesTest, WhatSystemdGaveUpRestsLongerEachTimeAndIsCountedOnce) {
  GiveUp("2");
  EXPECT_TRUE(Looping());
  EXPECT_TRUE(Resting());
  EXPECT_EQ(Rest(), absl::Seconds(10));
  clock_.Advance(absl::Seconds(5));
  Look();
  EXPECT_EQ(Rest(), absl::Seconds(5));
  clock_.Advance(absl::Seconds(5));
  Look();
  EXPECT_FALSE(Resting());  // Its time has come.
  EXPECT_EQ(crashes_.NextRetry(clock_.Read().mono), absl::InfiniteDuration());
  GiveUp("3");
  EXPECT_EQ(Rest(), absl::Seconds(20));
  for (int run = 4; run < 20; ++run) GiveUp(std::to_string(run));
  EXPECT_EQ(Rest(), absl::Minutes(5));
  clock_.Advance(absl::Minutes(16));
  GiveUp("20");
  EXPECT_EQ(Rest(), absl::Seconds(10));
}

TEST_F(CrashesTest, AnotherSpecBeginsAnew) {
  GiveUp("2");
  hash_ = "h2";
  Look();  // What failed was the former one.
  EXPECT_FALSE(Looping());
  EXPECT_FALSE(Resting());
  GiveUp("3");
  EXPECT_TRUE(Looping());
  EXPECT_EQ(Rest(), absl::Seconds(10));
}

TEST_F(CrashesTest, WhatRunsAgainDoesNotRest) {
  GiveUp("2");
  State("active", "running", 0);
  Look();
  EXPECT_FALSE(Resting());
  EXPECT_EQ(crashes_.NextRetry(clock_.Read().mono), absl::InfiniteDuration());
}

}  // namespace
}  // namespace reeve::agents
