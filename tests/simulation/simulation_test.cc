// What the simulator promises about itself: it repeats itself, and it catches what it is there to
// catch.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/log.h"
#include "tests/simulation/world.h"
#include "tests/support/child_process.h"

namespace reeve::simulation {
namespace {

// The faults are expected, and so are the complaints about them.
[[maybe_unused]] const bool g_quiet = [] {
  InitLog("sim", LogFormat::kText, static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));
  return true;
}();

// The hash of one seed's trace, from a process of its own: addresses differ between two.
std::string HashFromProcess(const std::string& seed, const std::string& log) {
  const auto output =
      support::RunToEnd({support::BinDir() + "/reeve-sim", "--first", seed, "--hashes"}, log);
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? output->substr(0, output->find('\n')) : "";
}

TEST(Simulation, SameSeedGivesTheSameTraceInTwoProcesses) {
  const support::TempDir dir;
  for (const std::string seed : {"1", "7"}) {
    const std::string first = HashFromProcess(seed, dir.path() + "/first");
    EXPECT_EQ(first.size(), seed.size() + 1 + 64) << first;
    EXPECT_EQ(first, HashFromProcess(seed, dir.path() + "/second"));
  }
}

TEST(Simulation, AnotherSeedGivesAnotherTrace) {
  const WorldOptions one = {.seed = 1, .chaos = absl::Seconds(20)};
  const WorldOptions two = {.seed = 2, .chaos = absl::Seconds(20)};
  EXPECT_NE(World(one).Run().trace_hash, World(two).Run().trace_hash);
}

// The table of the README: the seed that catches the bug.
class Caught : public testing::TestWithParam<PlantedBug> {};

TEST_P(Caught, AtItsSeed) {
  World with({.seed = GetParam().seed, .planted = GetParam().bug});
  const Verdict verdict = with.Run();
  ASSERT_FALSE(verdict.ok());
  EXPECT_NE(verdict.violations.front().find(GetParam().says), std::string::npos)
      << verdict.violations.front();
  World without({.seed = GetParam().seed});
  const Verdict clean = without.Run();
  EXPECT_TRUE(clean.ok()) << clean.violations.front();
}

std::string TestName(const testing::TestParamInfo<PlantedBug>& info) {
  std::string name(info.param.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Planted, Caught, testing::ValuesIn(PlantedBugs()), TestName);

}  // namespace
}  // namespace reeve::simulation
