// The agent as a whole, on a host in memory: what it makes, keeps, restores and leaves alone.
#include "agents/agent.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/agent_harness.h"
#include "base/strings.h"
#include "client/conditions.h"

namespace reeve::agents {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kUnitFile[] = "/etc/systemd/system/reeve-instance-blog.service";
constexpr char kSiteFile[] = "/etc/nginx/reeve/current/reeve-domain-blog.conf";

constexpr char kUserAdd[] = "/usr/sbin/useradd";

class AgentTest : public ::testing::Test, public AgentHarness {
 protected:
  AgentTest() { before_ = HostText(); }

  // One Process site behind one domain, applied and healthy.
  void Blog() {
    Apply(ProcessWork("blog", 20000, blob1));
    Apply(RouteWork("blog", "blog.example", 20000));
  }
  // A process and its route, both of their own: s3 on port 20003 at s3.example.
  void ApplySite(int i) {
    const std::string name = fmt::format("s{}", i);
    Apply(ProcessWork(name, 20000 + i, blob1));
    Apply(RouteWork(name, name + ".example", 20000 + i));
  }
  v1::WorkStatus::State State(const std::string& name) { return GetWork(name).status().state(); }
  std::string Reason(const std::string& name, std::string_view type) {
    const v1::Work work = GetWork(name);
    const v1::Condition* condition = client::FindCondition(work.status().conditions(), type);
    return condition == nullptr ? "" : condition->reason();
  }
  std::string Text(const std::string& name, std::string_view type) {
    const v1::Work work = GetWork(name);
    const v1::Condition* condition = client::FindCondition(work.status().conditions(), type);
    return condition == nullptr ? "" : condition->message();
  }

  // The number of a generation only grows: what else is in the text must be as before.
  static std::string WithoutGenerations(const std::string& text) {
    std::string out;
    for (const std::string& line : Split(text, '\n')) {
      if (line.find("/reeve/gen-") == std::string::npos &&
          line.find("/reeve/current") == std::string::npos)
        out += line + "\n";
    }
    return out;
  }

  std::string before_;
};

TEST_F(AgentTest, MakesWhatItsWorksSay) {
  Blog();
  Settle();
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_EQ(State("blog"), v1::WorkStatus::Applied);
  EXPECT_EQ(State("blog-route"), v1::WorkStatus::Applied);
  EXPECT_EQ(Reason("blog", "Healthy"), "Healthy");
  const v1::Work work = GetWork("blog");
  EXPECT_EQ(work.status().observed_generation(), work.metadata().generation());
  EXPECT_EQ(work.status().artifacts(2).receipt(), v1::ArtifactStatus::CreatedByUs);
  EXPECT_THAT(EventTexts(), IsEmpty());
}

TEST_F(AgentTest, TheSecondTimeNothingIsDone) {
  Blog();
  Settle();
  const int64_t mutations = os.mutations();
  const int writes = api.writes();
  RunFor(absl::Minutes(2));
  EXPECT_EQ(os.mutations(), mutations);
  EXPECT_EQ(api.writes(), writes);
  ASSERT_TRUE(Start());
  RunFor(absl::Minutes(2));
  EXPECT_EQ(os.mutations(), mutations);
  EXPECT_EQ(api.writes(), writes);
}

TEST_F(AgentTest, ManyChangesAreOneReloadOfEach) {
  Settle();
  const auto before = os.counters();
  for (int i = 0; i < 10; ++i) ApplySite(i);
  Settle();
  EXPECT_EQ(Visit("s9.example"), 200);
  EXPECT_EQ(os.counters().daemon_reloads - before.daemon_reloads, 1);
  EXPECT_EQ(os.counters().nginx_reloads - before.nginx_reloads, 1);
}

TEST_F(AgentTest, ChangesThatComeOneAfterTheOtherAreOneBatch) {
  Settle();
  const auto before = os.counters();
  for (int i = 0; i < 10; ++i) {
    ApplySite(i);
    RunFor(absl::Milliseconds(100), absl::Milliseconds(100));
  }
  EXPECT_EQ(os.counters().daemon_reloads, before.daemon_reloads);
  RunFor(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_EQ(Visit("s9.example"), 200);
  Settle();
  EXPECT_EQ(os.counters().daemon_reloads - before.daemon_reloads, 1);
  EXPECT_EQ(os.counters().nginx_reloads - before.nginx_reloads, 1);
}

TEST_F(AgentTest, WhatIsDeletedIsGoneAndTheHostIsAsBefore) {
  Blog();
  Settle();
  Delete("blog-route");
  Delete("blog");
  Settle();
  EXPECT_EQ(State("blog"), v1::WorkStatus::Removed);
  EXPECT_EQ(State("blog-route"), v1::WorkStatus::Removed);
  EXPECT_EQ(WithoutGenerations(HostText()), WithoutGenerations(before_));
}

TEST_F(AgentTest, AStoppedUnitIsStartedAgainAndTold) {
  Blog();
  Settle();
  ASSERT_TRUE(os.systemd().Stop("reeve-instance-blog.service").ok());
  ASSERT_NE(Visit("blog.example"), 200);
  RunFor(absl::Seconds(6));
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_THAT(
      EventTexts(),
      Contains("DriftRestored: unit reeve-instance-blog.service was stopped on host h1; restored"));
}

// As `systemctl disable`, which reloads the manager, does: it would not be started at a boot.
TEST_F(AgentTest, ADisabledUnitIsEnabledOnceAndTold) {
  Blog();
  Settle();
  const auto starts = os.counters().starts;
  ASSERT_TRUE(os.systemd().Enable("reeve-instance-blog.service", false).ok());
  os.systemd().DaemonReload();
  RunFor(absl::Seconds(6));
  EXPECT_THAT(
      EventTexts(),
      Contains(
          "DriftRestored: unit reeve-instance-blog.service was disabled on host h1; restored"));
  EXPECT_TRUE(os.systemd().Get("reeve-instance-blog.service").enabled);
  EXPECT_EQ(os.counters().starts, starts);
  const int64_t mutations = os.mutations();
  ASSERT_TRUE(Start());
  RunFor(absl::Minutes(1));
  EXPECT_EQ(os.mutations(), mutations);
  EXPECT_EQ(State("blog"), v1::WorkStatus::Applied);
}

TEST_F(AgentTest, AnEditedSiteIsKeptAsideAndRestored) {
  Blog();
  Settle();
  const std::string wanted = *os.ReadFile(kSiteFile);
  os.WriteFile(kSiteFile, "garbage");
  Settle();
  EXPECT_EQ(os.ReadFile(kSiteFile), wanted);
  EXPECT_THAT(EventTexts(), Contains(HasSubstr("site file reeve-domain-blog.conf was edited")));
  EXPECT_THAT(os.Dump(), HasSubstr("drift/reeve-domain-blog.conf-"));
  os.RemoveFile(kSiteFile);
  Settle();
  EXPECT_EQ(os.ReadFile(kSiteFile), wanted);
  EXPECT_THAT(EventTexts(), Contains(HasSubstr("site file reeve-domain-blog.conf was missing")));
}

TEST_F(AgentTest, TheEditedCommonFileOfNginxIsKeptAsideAndRestored) {
  constexpr char kCommonFile[] = "/etc/nginx/reeve/current/00-reeve.conf";
  Blog();
  Settle();
  os.WriteFile(kCommonFile, *os.ReadFile(kCommonFile) + "# by hand\n");
  Settle();
  EXPECT_THAT(*os.ReadFile(kCommonFile), Not(HasSubstr("by hand")));
  EXPECT_THAT(EventTexts(), Contains(AllOf(HasSubstr("DriftRestored: nginx's common file"),
                                           HasSubstr("was edited on host h1"))));
  EXPECT_THAT(os.Dump(), HasSubstr("drift/00-reeve.conf-"));
  os.RemoveFile(kCommonFile);
  Settle();
  EXPECT_TRUE(os.ReadFile(kCommonFile).has_value());
  EXPECT_THAT(EventTexts(), Contains(HasSubstr("was missing on host h1")));
  EXPECT_EQ(Visit("blog.example"), 200);
  const int64_t mutations = os.mutations();
  RunFor(absl::Minutes(1));
  EXPECT_EQ(os.mutations(), mutations);
}

// What `join` made is the agent's own: no token is needed to have it again, and no visitor notices.
TEST_F(AgentTest, WhatJoinMadeIsMadeAgain) {
  Blog();
  Settle();
  for (const char* lost :
       {"/etc/nginx/reeve", "/etc/nginx/reeve/current", "/etc/nginx/conf.d/zz-reeve.conf",
        "/etc/systemd/system/nginx.service.d/reeve.conf"}) {
    for (const bool restarted : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", lost, restarted));
      os.tree().Remove(lost);
      if (restarted) os.KillNginx();
      RunFor(absl::Seconds(6));
      EXPECT_EQ(Visit("blog.example"), 200);
      EXPECT_NE(os.tree().Find(lost), nullptr);
      os.KillNginx();
      EXPECT_EQ(Visit("blog.example"), 200);
      EXPECT_EQ(State("blog-route"), v1::WorkStatus::Applied);
      EXPECT_THAT(EventTexts(), Contains(HasSubstr("was missing")));
    }
  }
}

TEST_F(AgentTest, GenerationsThatSomebodyRemovedAreMadeAgain) {
  Blog();
  Settle();
  const auto names = os.files()->Open("/etc/nginx/reeve").value()->List("").value();
  for (const std::string& name : names) {
    if (name.starts_with("gen-")) os.tree().Remove("/etc/nginx/reeve/" + name);
  }
  os.KillNginx();
  RunFor(absl::Seconds(12));
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_EQ(State("blog-route"), v1::WorkStatus::Applied);
}

// nginx may be installed again, and serves what it finds.
TEST_F(AgentTest, ARouteIsNotGoneBecauseNginxIs) {
  Blog();
  Settle();
  os.UninstallNginx();
  Delete("blog-route");
  RunFor(absl::Seconds(30));
  EXPECT_NE(State("blog-route"), v1::WorkStatus::Removed);
  EXPECT_THAT(Text("blog-route", client::kApplied), HasSubstr("nginx is not installed"));
  os.InstallNginx();
  RunFor(absl::Minutes(5));
  EXPECT_EQ(State("blog-route"), v1::WorkStatus::Removed);
  EXPECT_NE(Visit("blog.example"), 200);
}

TEST_F(AgentTest, AForeignHookIsLeftAndTheHostSaysSo) {
  Blog();
  Settle();
  os.WriteFile("/etc/nginx/conf.d/zz-reeve.conf", "# mine\n");
  RunFor(absl::Seconds(6));
  EXPECT_EQ(*os.ReadFile("/etc/nginx/conf.d/zz-reeve.conf"), "# mine\n");
  const auto ready = [&] {
    const v1::Host host = api.Get({"Host", "", "h1"})->host();
    return client::FindCondition(host.status().conditions(), "NginxReady")->message();
  };
  EXPECT_THAT(ready(), HasSubstr("zz-reeve.conf was not made by Reeve"));
  os.RemoveFile("/etc/nginx/conf.d/zz-reeve.conf");
  RunFor(absl::Seconds(6));
  EXPECT_EQ(ready(), "");
  EXPECT_EQ(State("blog-route"), v1::WorkStatus::Applied);
}

TEST_F(AgentTest, AnEditedUnitFileIsRestoredWithoutARestart) {
  Blog();
  Settle();
  const std::string wanted = *os.ReadFile(kUnitFile);
  const auto starts = os.counters().starts;
  os.WriteFile(kUnitFile, wanted + "Nice=-20\n");
  Settle();
  EXPECT_EQ(os.ReadFile(kUnitFile), wanted);
  os.RemoveFile(kUnitFile);
  Settle();
  EXPECT_EQ(os.ReadFile(kUnitFile), wanted);
  EXPECT_EQ(os.counters().starts, starts);
}

TEST_F(AgentTest, AForeignFileIsReportedAndNothingIsTouched) {
  os.WriteFile(kUnitFile, "[Service]\nExecStart=/bin/true\n");
  before_ = HostText();
  Apply(ProcessWork("blog", 20000, blob1));
  Settle();
  EXPECT_EQ(State("blog"), v1::WorkStatus::Refused);
  EXPECT_EQ(Reason("blog", "Applied"), "ForeignFile");
  EXPECT_EQ(HostText(), before_);
  EXPECT_THAT(api.Get({"Host", "", "h1"})->host().status().foreign(),
              Contains("unit reeve-instance-blog.service"));
  os.RemoveFile(kUnitFile);
  Settle();
  EXPECT_EQ(State("blog"), v1::WorkStatus::Applied);
}

TEST_F(AgentTest, AForeignListenerIsNamedAndNothingIsRendered) {
  os.HoldPort(20000, "python3");
  before_ = HostText();
  Apply(ProcessWork("blog", 20000, blob1));
  Settle();
  EXPECT_EQ(Reason("blog", "Applied"), "PortInUse");
  EXPECT_THAT(Text("blog", "Applied"), HasSubstr("python3"));
  EXPECT_EQ(HostText(), before_);
}

// Whoever runs it chose the name; the server takes no such text.
TEST_F(AgentTest, AProcessWithAnOddNameIsReportedAllTheSame) {
  os.HoldPort(20000, "\x1b[31mRED");
  Apply(ProcessWork("blog", 20000, blob1));
  Settle();
  EXPECT_THAT(Text("blog", "Applied"), HasSubstr("held by \\x1b[31mRED"));
  EXPECT_EQ(api.Get({"Host", "", "h1"})->host().status().foreign_listeners(0).process(),
            "\\x1b[31mRED");
}

TEST_F(AgentTest, AUnitThatDoesNotStartIsUndoneAndTheOthersGoOn) {
  os.FailStart("reeve-instance-bad.service", "exit-code");
  Apply(ProcessWork("bad", 20001, blob1));
  Settle();
  EXPECT_EQ(State("bad"), v1::WorkStatus::Failed);
  EXPECT_EQ(WithoutGenerations(HostText()), WithoutGenerations(before_));
  Blog();
  Settle();
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_EQ(State("bad"), v1::WorkStatus::Failed);
  os.FailStart("reeve-instance-bad.service", "");
  RunFor(absl::Minutes(2));
  EXPECT_EQ(State("bad"), v1::WorkStatus::Applied);
}

// Two copies of one Site.
TEST_F(AgentTest, WithoutTheUserTheyShareNoCopyIsStarted) {
  Apply(ProcessWork("blog", 20000, blob1));
  v1::Work copy = ProcessWork("blog2", 20001, blob1);
  *copy.mutable_spec()->mutable_artifacts(0) =
      ProcessWork("blog", 20000, blob1).spec().artifacts(0);
  copy.mutable_spec()->mutable_artifacts(2)->mutable_unit()->set_user("reeve-site-blog");
  Apply(copy);
  os.RemoveFile(kUserAdd);
  const std::string before = HostText();
  Settle();
  for (const std::string name : {"blog", "blog2"}) {
    EXPECT_EQ(State(name), v1::WorkStatus::Failed);
    EXPECT_THAT(Text(name, "Applied"), HasSubstr(kUserAdd));
  }
  EXPECT_EQ(WithoutGenerations(HostText()), WithoutGenerations(before));
  os.WriteFile(kUserAdd, "", 0755);
  RunFor(absl::Minutes(2));
  EXPECT_EQ(State("blog"), v1::WorkStatus::Applied);
  EXPECT_EQ(State("blog2"), v1::WorkStatus::Applied);
}

TEST_F(AgentTest, AProgramThatEndsAtOnceIsACrashLoopAndIsNotFought) {
  ASSERT_TRUE(Start());
  os.systemd().EndAtOnce("reeve-instance-blog.service", 7);
  Blog();
  RunFor(absl::Seconds(8));
  EXPECT_EQ(Reason("blog", "Healthy"), "Starting");
  RunFor(absl::Seconds(8));
  EXPECT_EQ(State("blog"), v1::WorkStatus::Applied);
  EXPECT_EQ(Reason("blog", "Healthy"), "CrashLoop");
  EXPECT_EQ(Text("blog", "Healthy"),
            "the program of reeve-instance-blog.service ends again and again: exit status 7; see "
            "journalctl -u reeve-instance-blog");
  const auto starts = os.counters().starts;
  const int writes = api.writes();
  RunFor(absl::Minutes(10));
  EXPECT_LE(os.counters().starts - starts, 6);  // 10 s, 20 s, 40 s, ...
  EXPECT_EQ(api.writes(), writes);
  EXPECT_THAT(EventTexts(), Not(Contains(HasSubstr("Drift"))));
}

TEST_F(AgentTest, AGoodProgramEndsACrashLoop) {
  ASSERT_TRUE(Start());
  os.systemd().EndAtOnce("reeve-instance-blog.service", 7);
  Blog();
  RunFor(absl::Minutes(3));
  ASSERT_EQ(Reason("blog", "Healthy"), "CrashLoop");
  os.systemd().EndAtOnce("reeve-instance-blog.service", std::nullopt);
  Apply(ProcessWork("blog", 20000, blob2));
  RunFor(absl::Seconds(8));
  EXPECT_EQ(Reason("blog", "Healthy"), "Healthy");
  EXPECT_EQ(Visit("blog.example"), 200);
}

TEST_F(AgentTest, AProgramThatIsMendedFromOutsideIsStartedAgain) {
  ASSERT_TRUE(Start());
  os.systemd().EndAtOnce("reeve-instance-blog.service", 7);
  Blog();
  RunFor(absl::Minutes(3));
  ASSERT_EQ(Reason("blog", "Healthy"), "CrashLoop");
  os.systemd().EndAtOnce("reeve-instance-blog.service", std::nullopt);
  RunFor(absl::Minutes(6));
  EXPECT_EQ(Reason("blog", "Healthy"), "Healthy");
  EXPECT_THAT(EventTexts(), Not(Contains(HasSubstr("Drift"))));
}

TEST_F(AgentTest, AnUpdateThatDoesNotBecomeHealthyGoesBack) {
  Blog();
  Settle();
  // The new program does not listen where it is probed.
  v1::Work update = ProcessWork("blog", 20000, blob2);
  update.mutable_spec()->mutable_artifacts(3)->mutable_probe()->set_port(20999);
  Apply(update);
  RunFor(absl::Seconds(30));
  EXPECT_EQ(State("blog"), v1::WorkStatus::Failed);
  EXPECT_EQ(Reason("blog", "Applied"), "RolledBack");
  EXPECT_THAT(*os.ReadFile(kUnitFile), HasSubstr(blob1));
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_THAT(EventTexts(), Contains(HasSubstr("RolledBack: not healthy within 10s")));
  const int64_t mutations = os.mutations();
  RunFor(absl::Minutes(3));
  EXPECT_EQ(os.mutations(), mutations);  // Never back and forth.
}

TEST_F(AgentTest, AnUpdateKeepsTwoReleases) {
  Blog();
  Settle();
  for (int i = 3; i < 6; ++i) {
    Apply(ProcessWork(
        "blog", 20000,
        content.Add({{.path = "server", .content = fmt::format("#!{}", i), .mode = 0755}})));
    Settle();
    EXPECT_EQ(Reason("blog", "Healthy"), "Healthy");
  }
  EXPECT_EQ(os.tree().Find("/srv/reeve/reeve-instance-blog/releases")->entries.size(), 2u);
}

TEST_F(AgentTest, WithoutTheControlPlaneTheHostBootsAndServes) {
  Blog();
  Settle();
  api.BreakStreams(absl::UnavailableError("gone"));
  api.Freeze("Work");
  os.systemd().Reboot();
  ASSERT_TRUE(os.systemd().Stop("reeve-instance-blog.service").ok());
  ASSERT_TRUE(Start());
  RunFor(absl::Seconds(20));
  EXPECT_EQ(Visit("blog.example"), 200);
}

TEST_F(AgentTest, ARestoredStoreThatForgotMostWaitsToBeTold) {
  Blog();
  Settle();
  const auto condition = [this] {
    const v1::Object host = *api.Get({"Host", "", "h1"});
    const auto* found =
        client::FindCondition(host.host().status().conditions(), "DeletionsAccepted");
    return found == nullptr ? "" : found->reason();
  };
  api.Restore("e2", "Work");
  RunFor(absl::Minutes(5));
  ASSERT_TRUE(Start());
  RunFor(absl::Minutes(5));
  EXPECT_EQ(Visit("blog.example"), 200);
  EXPECT_EQ(condition(), "StoreReplaced");
  EXPECT_THAT(EventTexts(), Contains(HasSubstr("DeletionsHeld")));
  api.Edit<v1::Host>("", "h1", [](v1::Host* host) {
    (*host->mutable_metadata()->mutable_annotations())["reeve/accept-deletions"] = "e2";
  });
  RunFor(absl::Minutes(10));
  EXPECT_EQ(Visit("blog.example"), 0);
  EXPECT_EQ(condition(), "");
}

TEST_F(AgentTest, AnEmptyOrBrokenListDeletesNothing) {
  Blog();
  Settle();
  api.Freeze("Work");
  ASSERT_TRUE(Start());
  RunFor(absl::Minutes(1));
  api.Thaw();
  api.BreakStreams(absl::DataLossError("another epoch"));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(Visit("blog.example"), 200);
}

}  // namespace
}  // namespace reeve::agents
