#include "agents/prober.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "agents/testing/fake_os.h"
#include "base/status.h"
#include "base/testing/fake_clock.h"

namespace reeve::agents {
namespace {

// Answers as told.
class ScriptedNet final : public Net {
 public:
  absl::StatusOr<std::vector<TcpListener>> Listeners() override { return listeners; }
  absl::StatusOr<std::vector<TcpListener>> ListeningSockets() override { return listeners; }
  absl::Status TcpConnect(int, absl::Duration timeout) override {
    last_timeout = timeout;
    ++calls;
    return up ? absl::OkStatus() : Unavailable("connection refused");
  }
  absl::StatusOr<HttpAnswer> HttpGet(const HttpProbe& probe) override {
    ++calls;
    last_timeout = probe.timeout;
    return HttpAnswer{.status = up ? 200 : 500};
  }
  absl::Status HttpAwait(const HttpProbe&, const std::string&, absl::Duration) override {
    return absl::OkStatus();
  }

  std::vector<TcpListener> listeners;
  bool up = true;
  int calls = 0;
  absl::Duration last_timeout;
};

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() : prober_(&net_, &runner_, os_.files(), "/srv/reeve") {}

  static Prober::Target Target(const std::string& http_path) {
    Prober::Target target = {.work = "default/a", .hash = "h1"};
    target.probe.set_port(20000);
    target.probe.mutable_check()->set_http_path(http_path);
    target.probe.mutable_check()->mutable_timeout()->set_seconds(2);
    return target;
  }
  void Set(const Prober::Target& target) { prober_.SetTargets({target}, clock_.Read()); }
  void Step(absl::Duration d) {
    clock_.Advance(d);
    prober_.ProcessOne(clock_.Read());
  }
  v1::Condition::Status Status() { return prober_.Find("default/a")->status; }

  FakeOs os_;
  ScriptedNet net_;
  FakeClock clock_;
  InlineProbes runner_{&net_};
  Prober prober_;
};

TEST_F(ProberTest, HttpIsHealthyWithItsFirstGoodAnswer) {
  net_.up = false;
  Set(Target("/health"));
  Step(absl::ZeroDuration());
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  EXPECT_EQ(prober_.Find("default/a")->message, "GET /health on port 20000 answered 500");
  net_.up = true;
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::True);
  EXPECT_EQ(prober_.Find("default/a")->healthy_since, clock_.Read().wall);
  EXPECT_EQ(net_.last_timeout, absl::Seconds(2));
}

// Begins probes, and ends those that it is told to.
class HeldProbes final : public ProbeRunner {
 public:
  void Start(uint64_t id, const v1::Artifact::Probe&) override { running.push_back(id); }
  std::vector<Ended> Take() override { return std::exchange(ended, {}); }
  void EndFirst() {
    ended.push_back({running.front(), absl::OkStatus()});
    running.erase(running.begin());
  }

  std::vector<uint64_t> running;
  std::vector<Ended> ended;
};

TEST(ProberHangTest, AUserHasTwoProbesAtATimeAndOthersDoNotWaitForThem) {
  FakeOs os;
  ScriptedNet net;
  FakeClock clock;
  HeldProbes probes;
  Prober prober(&net, &probes, os.files(), "/srv/reeve");
  std::vector<Prober::Target> targets;
  for (int i = 0; i < 4; ++i) {
    targets.push_back({.work = fmt::format("a{}", i), .hash = "h", .uid = 60001});
    targets.back().probe.set_port(20000 + i);
  }
  prober.SetTargets(targets, clock.Read());
  prober.ProcessOne(clock.Read());
  EXPECT_EQ(probes.running.size(), 2u);
  // What waits for them is no reason to look again at once.
  EXPECT_GT(prober.NextDue(), clock.Read().mono);
  targets.push_back({.work = "b", .hash = "h", .uid = 60002});
  prober.SetTargets(targets, clock.Read());
  prober.ProcessOne(clock.Read());
  EXPECT_EQ(probes.running.size(), 3u);
  probes.EndFirst();
  prober.ProcessOne(clock.Read());
  EXPECT_LE(prober.NextDue(), clock.Read().mono);
  prober.ProcessOne(clock.Read());
  EXPECT_EQ(probes.running.size(), 3u);
}

TEST(ProberHangTest, AResultOfAnEarlierSpecIsForgotten) {
  FakeOs os;
  ScriptedNet net;
  FakeClock clock;
  HeldProbes probes;
  Prober prober(&net, &probes, os.files(), "/srv/reeve");
  Prober::Target target = {.work = "a", .hash = "h1"};
  target.probe.mutable_check()->set_http_path("/");
  prober.SetTargets({target}, clock.Read());
  prober.ProcessOne(clock.Read());
  target.hash = "h2";
  prober.SetTargets({target}, clock.Read());
  probes.EndFirst();
  prober.ProcessOne(clock.Read());
  EXPECT_EQ(prober.Find("a")->status, v1::Condition::Unknown);
  probes.EndFirst();
  prober.ProcessOne(clock.Read());
  EXPECT_EQ(prober.Find("a")->status, v1::Condition::True);
}

TEST_F(ProberTest, TcpMustHold) {
  Set(Target(""));
  Step(absl::ZeroDuration());
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  for (int i = 0; i < 4; ++i) Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, ABreakBeginsTheHoldAnew) {
  Set(Target(""));
  for (int i = 0; i < 4; ++i) Step(absl::Seconds(1));
  net_.up = false;
  Step(absl::Seconds(1));
  net_.up = true;
  for (int i = 0; i < 5; ++i) Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, WhatIsNotHealthyInItsStartPeriodIsUnhealthyUntilItIs) {
  Prober::Target target = Target("");
  target.probe.mutable_check()->mutable_start_period()->set_seconds(7);
  target.probe.mutable_check()->mutable_interval()->set_seconds(1);
  net_.up = false;
  Set(target);
  for (int i = 0; i < 6; ++i) Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::False);
  EXPECT_EQ(prober_.Find("default/a")->reason, "NotHealthyInTime");
  EXPECT_EQ(prober_.Find("default/a")->message,
            "not healthy within 7s: connecting to port 20000: connection refused");
  net_.up = true;  // It must hold as it would have had to before.
  for (int i = 0; i < 5; ++i) Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::False);
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, ThreeFailuresFlipAndOneSuccessResets) {
  Set(Target("/"));
  Step(absl::ZeroDuration());
  ASSERT_EQ(Status(), v1::Condition::True);
  net_.up = false;
  Step(absl::Seconds(10));
  Step(absl::Seconds(10));
  EXPECT_EQ(Status(), v1::Condition::True);
  net_.up = true;
  Step(absl::Seconds(10));
  net_.up = false;
  Step(absl::Seconds(10));
  Step(absl::Seconds(10));
  EXPECT_EQ(Status(), v1::Condition::True);
  Step(absl::Seconds(10));
  EXPECT_EQ(Status(), v1::Condition::False);
  EXPECT_FALSE(prober_.Find("default/a")->healthy_since.has_value());
  net_.up = true;
  Step(absl::Seconds(10));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, IsProbedOnlyWhenDue) {
  Set(Target("/"));
  Step(absl::ZeroDuration());
  EXPECT_EQ(net_.calls, 1);
  Step(absl::Seconds(9));
  EXPECT_EQ(net_.calls, 1);
  Step(absl::Seconds(1));
  EXPECT_EQ(net_.calls, 2);
}

TEST_F(ProberTest, AnotherSpecIsProbedAnewAndTheSameIsNot) {
  Prober::Target target = Target("/");
  Set(target);
  Step(absl::ZeroDuration());
  Set(target);
  EXPECT_EQ(Status(), v1::Condition::True);
  target.hash = "h2";
  Set(target);
  EXPECT_EQ(Status(), v1::Condition::Unknown);
}

TEST_F(ProberTest, HealthFromBeforeARestartIsKept) {
  Prober::Target target = Target("/");
  target.healthy_since = absl::FromUnixSeconds(1000);
  Set(target);
  EXPECT_EQ(Status(), v1::Condition::True);
  EXPECT_EQ(prober_.Find("default/a")->healthy_since, absl::FromUnixSeconds(1000));
}

TEST_F(ProberTest, WhatIsServedIsInTheContent) {
  os_.WriteFile("/srv/reeve/blog/releases/sha256-1/public/index.html", "hello");
  os_.tree().Link("releases/sha256-1", "/srv/reeve/blog/current");
  const auto probed = [&](const std::string& root, const std::string& fallback) {
    Prober::Target target = {.work = "default/a", .hash = root + "|" + fallback};
    target.probe.set_dir("blog");
    target.probe.set_root(root);
    target.probe.set_fallback(fallback);
    Set(target);
    Step(absl::ZeroDuration());
    return Status();
  };
  EXPECT_EQ(probed("public", "index.html"), v1::Condition::True);
  EXPECT_EQ(probed("public", ""), v1::Condition::True);
  EXPECT_NE(probed("nosuch", ""), v1::Condition::True);
  EXPECT_NE(probed("public", "nosuch.html"), v1::Condition::True);
  EXPECT_NE(probed("public/index.html", ""), v1::Condition::True);
}

TEST_F(ProberTest, ContentIsThereOrNot) {
  Prober::Target target = {.work = "default/a", .hash = "h1"};
  target.probe.set_dir("blog");
  Set(target);
  Step(absl::ZeroDuration());
  EXPECT_EQ(Status(), v1::Condition::Unknown);
  os_.WriteFile("/srv/reeve/blog/releases/sha256-1/index.html", "hello");
  os_.tree().Link("releases/sha256-1", "/srv/reeve/blog/current");
  Step(absl::Seconds(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, APortThatAnotherUserTookIsUnhealthyAtOnce) {
  Prober::Target target = Target("/healthz");
  target.uid = 30001;
  net_.listeners = {{.address = "127.0.0.1", .port = 20000, .uid = 30001}};
  Set(target);
  Step(absl::ZeroDuration());
  EXPECT_EQ(Status(), v1::Condition::True);
  net_.listeners[0].uid = 30002;
  clock_.Advance(absl::Seconds(2));
  EXPECT_LE(prober_.NextDue(), clock_.Read().mono);  // Before the next probe is due.
  const Prober::Changes changes = prober_.ProcessOne(clock_.Read());
  EXPECT_TRUE(changes.worse);
  EXPECT_EQ(Status(), v1::Condition::False);
  EXPECT_EQ(prober_.Find("default/a")->reason, "PortInUse");
  EXPECT_EQ(prober_.Find("default/a")->message, "a process of uid 30002 listens on port 20000");
  const int calls = net_.calls;
  Step(absl::Minutes(1));
  EXPECT_EQ(net_.calls, calls);  // Its answer would be worth nothing.
  net_.listeners[0].uid = 30001;
  Step(absl::Minutes(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

TEST_F(ProberTest, AStrangersAnswerIsNoHealth) {
  Prober::Target target = Target("/healthz");
  target.uid = 30001;
  net_.listeners = {{.address = "0.0.0.0", .port = 20000, .uid = 30002}};
  Set(target);
  Step(absl::ZeroDuration());
  EXPECT_EQ(Status(), v1::Condition::False);
  EXPECT_EQ(net_.calls, 0);
  net_.listeners = {
      {.address = "192.0.2.1", .port = 20000, .uid = 30002}};  // Nobody is sent there.
  Step(absl::Minutes(1));
  EXPECT_EQ(Status(), v1::Condition::True);
}

}  // namespace
}  // namespace reeve::agents
