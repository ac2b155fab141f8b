#include "client/conditions.h"

#include <gtest/gtest.h>

#include "client/finalizers.h"
#include "client/timestamps.h"

namespace reeve::client {
namespace {

TEST(ConditionsTest, TheTimeMovesOnlyWithTheStatus) {
  ConditionList list;
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_TRUE(SetCondition(&list, {kReady, v1::Condition::False, "A", "x"}, 1, start));
  EXPECT_FALSE(
      SetCondition(&list, {kReady, v1::Condition::False, "B", "y"}, 2, start + absl::Seconds(5)));
  EXPECT_EQ(ToTime(list[0].last_transition_time()), start);
  EXPECT_EQ(list[0].reason(), "B");
  EXPECT_TRUE(
      SetCondition(&list, {kReady, v1::Condition::True, "C", ""}, 3, start + absl::Seconds(9)));
  EXPECT_EQ(ToTime(list[0].last_transition_time()), start + absl::Seconds(9));
  EXPECT_EQ(list.size(), 1);
}

TEST(ConditionsTest, TrueIsTrueAboutOneGeneration) {
  ConditionList list;
  EXPECT_FALSE(IsTrue(list, kReady));
  SetCondition(&list, {kReady, v1::Condition::True, "A", ""}, 3, absl::UnixEpoch());
  EXPECT_TRUE(IsTrueAt(list, kReady, 3));
  EXPECT_FALSE(IsTrueAt(list, kReady, 4));
  DropCondition(&list, kReady);
  EXPECT_FALSE(IsTrue(list, kReady));
}

TEST(FinalizersTest, AddedOnceAndRemoved) {
  v1::ObjectMeta meta;
  AddFinalizer(&meta, kSiteFinalizer);
  AddFinalizer(&meta, kSiteFinalizer);
  EXPECT_EQ(meta.finalizers_size(), 1);
  RemoveFinalizer(&meta, kSiteFinalizer);
  EXPECT_FALSE(HasFinalizer(meta, kSiteFinalizer));
}

TEST(TimestampsTest, ThereAndBack) {
  google::protobuf::Timestamp stamp;
  const absl::Time time = absl::FromUnixSeconds(-5) + absl::Nanoseconds(7);
  SetTime(&stamp, time);
  EXPECT_EQ(ToTime(stamp), time);
  EXPECT_GE(stamp.nanos(), 0);
}

}  // namespace
}  // namespace reeve::client
