#include "agents/batch.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace reeve::agents {
namespace {

TEST(BatchTest, IsDueWhenItIsQuiet) {
  FakeClock clock;
  Batch batch;
  EXPECT_FALSE(batch.waiting());
  batch.Add(clock.Read());
  clock.Advance(Batch::kQuiet / 2);
  batch.Add(clock.Read());
  EXPECT_EQ(batch.DueAt(), clock.Read().mono + Batch::kQuiet);
  batch.Clear();
  EXPECT_FALSE(batch.waiting());
}

TEST(BatchTest, IsDueInTheEndHoweverManyCome) {
  FakeClock clock;
  Batch batch;
  const absl::Duration first = clock.Read().mono;
  for (int i = 0; i < 20; ++i) {
    batch.Add(clock.Read());
    clock.Advance(Batch::kQuiet / 2);
  }
  EXPECT_EQ(batch.DueAt(), first + Batch::kLongest);
}

}  // namespace
}  // namespace reeve::agents
