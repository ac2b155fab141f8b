#include "tests/simulation/kernel.h"

#include <gtest/gtest.h>

namespace reeve::simulation {
namespace {

TEST(Kernel, RunsEventsInOrderOfTimeThenOfArrival) {
  Kernel kernel(1);
  std::string order;
  kernel.After(absl::Seconds(2), [&] { order += 'c'; });
  kernel.After(absl::Seconds(1), [&] { order += 'a'; });
  kernel.After(absl::Seconds(1), [&] { order += 'b'; });
  while (kernel.RunNext(absl::Seconds(10))) {
  }
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(kernel.now().mono, absl::Seconds(10));
}

TEST(Kernel, ChanceFollowsFromSeedAndPurpose) {
  EXPECT_EQ(Chance(7, "network").Next(), Chance(7, "network").Next());
  EXPECT_NE(Chance(7, "network").Next(), Chance(7, "workload").Next());
  EXPECT_NE(Chance(7, "network").Next(), Chance(8, "network").Next());
}

TEST(Kernel, TraceHashTellsTracesApart) {
  Kernel one(1), two(1);
  one.Trace("a");
  two.Trace("a");
  EXPECT_EQ(one.TraceHash(), two.TraceHash());
  two.Trace("b");
  EXPECT_NE(one.TraceHash(), two.TraceHash());
  EXPECT_EQ(two.TraceTail(1), "0.000 b\n");
}

}  // namespace
}  // namespace reeve::simulation
