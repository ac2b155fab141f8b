#include "agents/attempts.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace reeve::agents {
namespace {

constexpr char kWork[] = "default/blog";

TEST(AttemptsTest, ThePauseGrowsAndIsForgottenWithTheSpec) {
  FakeClock clock;
  Attempts attempts;
  attempts.Failed(kWork, {.hash = "h1"}, clock.Read());
  const absl::Duration first = attempts.NextRetry(clock.Read().mono);
  attempts.Failed(kWork, {.hash = "h1"}, clock.Read());
  EXPECT_EQ(attempts.NextRetry(clock.Read().mono), 2 * first);
  EXPECT_TRUE(attempts.Held(clock.Read()).contains(kWork));
  attempts.Expect(kWork, "h2");
  EXPECT_EQ(attempts.Find(kWork), nullptr);
}

// What is no longer planned when its time comes keeps nobody awake.
TEST(AttemptsTest, WhatWasDueHasHadItsTurn) {
  FakeClock clock;
  Attempts attempts;
  attempts.Failed("nginx", {.reason = "NginxFailed"}, clock.Read());
  clock.Advance(attempts.NextRetry(clock.Read().mono) - clock.Read().mono);
  EXPECT_TRUE(attempts.Held(clock.Read()).empty());
  EXPECT_EQ(attempts.NextRetry(clock.Read().mono), absl::InfiniteDuration());
}

}  // namespace
}  // namespace reeve::agents
