#include "agents/vanishing.h"

#include <gtest/gtest.h>

namespace reeve::agents {
namespace {

TEST(VanishingTest, AFewMayGo) {
  EXPECT_EQ(JudgeVanished({.vanished = 0, .known = 3}), Vanishing::kRemove);
  EXPECT_EQ(JudgeVanished({.vanished = 3, .known = 3}), Vanishing::kRemove);
  EXPECT_EQ(JudgeVanished({.vanished = 11, .known = 11}), Vanishing::kKeep);
  EXPECT_EQ(JudgeVanished({.vanished = 11, .known = 55}), Vanishing::kRemove);
}

TEST(VanishingTest, ANewEpochRemovesNothingAtOnce) {
  EXPECT_EQ(JudgeVanished({.vanished = 1, .known = 4, .new_epoch = true}), Vanishing::kKeep);
  EXPECT_EQ(JudgeVanished({.vanished = 0, .known = 4, .new_epoch = true}), Vanishing::kKeep);
}

TEST(VanishingTest, ANewEpochThatForgotMostIsHeld) {
  const auto judge = [](int vanished, int known) {
    return JudgeVanished({.vanished = vanished, .known = known, .new_epoch = true});
  };
  EXPECT_EQ(judge(1, 1), Vanishing::kKeep);
  EXPECT_EQ(judge(2, 2), Vanishing::kHold);
  EXPECT_EQ(judge(2, 4), Vanishing::kKeep);
  EXPECT_EQ(judge(3, 5), Vanishing::kHold);
}

TEST(VanishingTest, WhatIsHeldStaysUntilItIsToldOrThereAgain) {
  EXPECT_EQ(JudgeVanished({.vanished = 1, .known = 40, .held = true}), Vanishing::kHold);
  EXPECT_EQ(JudgeVanished({.vanished = 0, .known = 4, .held = true}), Vanishing::kRemove);
  EXPECT_EQ(JudgeVanished({.vanished = 30, .known = 40, .held = true, .accepted = true}),
            Vanishing::kRemove);
  // Accepted once is not accepted for what comes.
  EXPECT_EQ(JudgeVanished({.vanished = 30, .known = 40, .accepted = true}), Vanishing::kKeep);
}

}  // namespace
}  // namespace reeve::agents
