#include "controllers/runtime/leader_election.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/testing/fake_clock.h"
#include "controllers/testing/fake_api.h"

namespace reeve::controllers {
namespace {

class LeaderElectionTest : public ::testing::Test {
 protected:
  LeaderElection Candidate(const std::string& holder) {
    return LeaderElection({.client = &api, .holder = holder});
  }
  void Step(LeaderElection* one, LeaderElection* other, absl::Duration time) {
    const absl::Duration end = clock.Read().mono + time;
    while (clock.Read().mono < end) {
      if (one != nullptr) one->Step(clock.Read());
      if (other != nullptr) other->Step(clock.Read());
      const bool both = one != nullptr && other != nullptr && one->IsLeader(clock.Read()) &&
                        other->IsLeader(clock.Read());
      EXPECT_FALSE(both);
      clock.Advance(absl::Seconds(1));
    }
  }

  FakeClock clock;
  FakeApi api{&clock};
};

TEST_F(LeaderElectionTest, TheFirstOneLeadsAndTheOtherWaits) {
  LeaderElection a = Candidate("a"), b = Candidate("b");
  Step(&a, &b, absl::Minutes(10));
  EXPECT_TRUE(a.IsLeader(clock.Read()));
  EXPECT_FALSE(b.IsLeader(clock.Read()));
}

TEST_F(LeaderElectionTest, OneThatDiedIsReplacedAfterItsTime) {
  LeaderElection a = Candidate("a"), b = Candidate("b");
  Step(&a, &b, absl::Seconds(15));
  Step(nullptr, &b, kLeaseTtl - kHeartbeatPeriod);
  EXPECT_FALSE(a.IsLeader(clock.Read()));
  EXPECT_FALSE(b.IsLeader(clock.Read()));
  Step(nullptr, &b, absl::Seconds(25));
  EXPECT_TRUE(b.IsLeader(clock.Read()));
  Step(&a, &b, absl::Minutes(2));
  EXPECT_TRUE(b.IsLeader(clock.Read()));
}

TEST_F(LeaderElectionTest, OneThatFoundNoServerLooksAgainSoon) {
  LeaderElection a = Candidate("a");
  api.before_write = [](const std::string&) { return absl::UnavailableError("no server"); };
  Now now = clock.Read();
  a.Step(now);
  EXPECT_FALSE(a.IsLeader(now));
  EXPECT_LE(a.NextWake(now), kReconnectPauseMax);
  api.before_write = [](const std::string&) { return absl::OkStatus(); };
  now.mono += a.NextWake(now);
  a.Step(now);
  EXPECT_TRUE(a.IsLeader(now));
}

TEST_F(LeaderElectionTest, OneThatResignsIsReplacedAtOnce) {
  LeaderElection a = Candidate("a"), b = Candidate("b");
  Step(&a, &b, absl::Seconds(15));
  a.Resign();
  EXPECT_FALSE(a.IsLeader(clock.Read()));
  Step(nullptr, &b, kHeartbeatPeriod + absl::Seconds(1));
  EXPECT_TRUE(b.IsLeader(clock.Read()));
}

TEST_F(LeaderElectionTest, OneThatCannotRenewStopsLeadingBeforeAnotherCan) {
  LeaderElection a = Candidate("a"), b = Candidate("b");
  Step(&a, &b, absl::Seconds(15));
  api.before_write = [](const std::string&) { return absl::UnavailableError("cut off"); };
  Step(&a, nullptr, kLeaseTtl - kHeartbeatPeriod);
  EXPECT_FALSE(a.IsLeader(clock.Read()));
}

}  // namespace
}  // namespace reeve::controllers
