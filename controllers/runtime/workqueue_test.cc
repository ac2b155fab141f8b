#include "controllers/runtime/workqueue.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace reeve::controllers {
namespace {

ObjectKey Key(const std::string& name) { return {"Site", "default", name}; }

class WorkqueueTest : public ::testing::Test {
 protected:
  std::string Next() {
    const std::optional<ObjectKey> key = queue.Next(now);
    return key.has_value() ? key->name : "";
  }
  void Add(const std::string& name, Workqueue::Lane lane = Workqueue::Lane::kNormal) {
    ASSERT_TRUE(queue.Add(Key(name), lane, now).ok());
  }
  void Pass(absl::Duration d) { now.mono += d; }

  Workqueue queue{"test"};
  Now now{};
};

TEST_F(WorkqueueTest, AKeyIsThereOnceAndLeavesInOrder) {
  Add("a");
  Add("b");
  Add("a");
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(Next(), "b");
  EXPECT_EQ(Next(), "");
}

TEST_F(WorkqueueTest, AKeyAddedWhileWorkedOnComesBackAfterDone) {
  Add("a");
  EXPECT_EQ(Next(), "a");
  Add("a");
  EXPECT_EQ(Next(), "");
  queue.Done(Key("a"), now);
  EXPECT_EQ(Next(), "a");
}

TEST_F(WorkqueueTest, ChangesGoBeforeTheInitialListWhichDoesNotStarve) {
  for (int i = 0; i < 20; ++i) Add("list" + std::to_string(i), Workqueue::Lane::kInitial);
  for (int i = 0; i < 20; ++i) Add("change" + std::to_string(i));
  std::string order;
  for (int i = 0; i < 16; ++i) order += Next()[0];
  EXPECT_EQ(order, "ccccccclcccccccl");
}

TEST_F(WorkqueueTest, AKeyOfTheListThatChangesMovesUp) {
  Add("a", Workqueue::Lane::kInitial);
  Add("b", Workqueue::Lane::kInitial);
  Add("b");
  EXPECT_EQ(Next(), "b");
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(Next(), "");
}

TEST_F(WorkqueueTest, FailuresPauseLongerAndLongerUntilForgotten) {
  absl::Duration pause = kBackoffMin;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(queue.AddFailed(Key("a"), now).ok());
    EXPECT_EQ(queue.UntilReady(now), pause);
    Pass(pause);
    EXPECT_EQ(Next(), "a");
    queue.Done(Key("a"), now);
    pause = std::min(pause * 2, kBackoffMax);
  }
  EXPECT_EQ(pause, kBackoffMax);
  queue.Forget(Key("a"));
  ASSERT_TRUE(queue.AddFailed(Key("a"), now).ok());
  EXPECT_EQ(queue.UntilReady(now), kBackoffMin);
}

TEST_F(WorkqueueTest, AChangeEndsThePause) {
  ASSERT_TRUE(queue.AddAfter(Key("a"), absl::Minutes(1), now).ok());
  EXPECT_EQ(Next(), "");
  Add("a");
  EXPECT_EQ(Next(), "a");
  queue.Done(Key("a"), now);
  Pass(absl::Minutes(2));
  EXPECT_EQ(Next(), "");
}

TEST_F(WorkqueueTest, TheShorterPauseCounts) {
  ASSERT_TRUE(queue.AddAfter(Key("a"), absl::Minutes(1), now).ok());
  ASSERT_TRUE(queue.AddAfter(Key("a"), absl::Seconds(1), now).ok());
  ASSERT_TRUE(queue.AddAfter(Key("a"), absl::Hours(1), now).ok());
  EXPECT_EQ(queue.UntilReady(now), absl::Seconds(1));
}

TEST_F(WorkqueueTest, ItIsBounded) {
  Workqueue small("small", 10);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(small.AddAfter(Key(std::to_string(i)), absl::Hours(1), now).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(small.Add(Key("one more"), Workqueue::Lane::kNormal, now)));
  EXPECT_TRUE(small.Add(Key("7"), Workqueue::Lane::kNormal, now).ok());
}

}  // namespace
}  // namespace reeve::controllers
