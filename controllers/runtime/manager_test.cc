#include "controllers/runtime/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/testing/fake_clock.h"
#include "controllers/runtime/objects.h"
#include "controllers/testing/fake_api.h"

namespace reeve::controllers {
namespace {

using ::testing::HasSubstr;

std::vector<ObjectKey> WakesNone(const World&, const v1::Object*, const v1::Object*) { return {}; }

v1::Site NamedSite(const std::string& name) {
  v1::Site site;
  site.mutable_metadata()->set_name(name);
  site.mutable_metadata()->set_namespace_("default");
  return site;
}

// Writes a new status at every look: a hot loop.
Outcome Restless(const World& world, const ObjectKey& key, Now) {
  Outcome outcome;
  v1::Site site = *world.Get<v1::Site>(key.ns, key.name);
  site.mutable_status()->set_replicas(site.status().replicas() + 1);
  outcome.effects.push_back(UpdateStatus{schema::Wrap(site)});
  return outcome;
}

// Makes one Instance for each Site, named after the number it sees.
Outcome MakesOne(const World& world, const ObjectKey& key, Now) {
  Outcome outcome;
  if (world.Find(key) == nullptr || !world.All("Instance").empty()) return outcome;
  v1::Instance instance;
  instance.mutable_metadata()->set_namespace_(key.ns);
  instance.mutable_metadata()->set_name(key.name + "-0");
  instance.mutable_spec()->set_site(key.name);
  outcome.effects.push_back(CreateObject{schema::Wrap(instance)});
  return outcome;
}

Outcome AsksForAFact(const World& world, const ObjectKey& key, Now) {
  Outcome outcome;
  const v1::Site* site = world.Get<v1::Site>(key.ns, key.name);
  if (world.Fact("dns/x") == nullptr) outcome.effects.push_back(RequestFact{"dns/x"});
  if (world.Fact("dns/x") != nullptr && site->status().blob().empty()) {
    v1::Site after = *site;
    after.mutable_status()->set_blob(*world.Fact("dns/x"));
    outcome.effects.push_back(UpdateStatus{schema::Wrap(after)});
  }
  return outcome;
}

Outcome Repeats(const World&, const ObjectKey& key, Now) {
  Outcome outcome = Outcome::After(absl::Seconds(1));
  RecordEvent event{
      .regarding = {}, .type = v1::EventSpec::Normal, .reason = "Again", .message = "same words"};
  event.regarding.set_kind(key.kind);
  event.regarding.set_namespace_(key.ns);
  event.regarding.set_name(key.name);
  outcome.effects.push_back(event);
  return outcome;
}

class ManagerTest : public ::testing::Test {
 protected:
  void Start(Outcome (*reconcile)(const World&, const ObjectKey&, Now)) {
    manager.emplace(
        Manager::Options{.client = &api, .reconcilers = {{"test", "Site", reconcile, WakesNone}}});
  }
  int Run() {
    int steps = 0;
    while (manager->ProcessOne(clock.Read()) && steps < 10'000) ++steps;
    return steps;
  }
  void Pass(absl::Duration time) {
    const absl::Duration end = clock.Read().mono + time;
    while (clock.Read().mono < end) {
      Run();
      clock.Advance(absl::Milliseconds(100));
    }
  }
  const v1::Event* OnlyEvent() {
    const v1::Event* found = nullptr;
    for (const auto& [key, object] : api.objects()) {
      if (object.has_event()) found = &object.event();
    }
    return found;
  }

  FakeClock clock;
  FakeApi api{&clock};
  std::optional<Manager> manager;
};

TEST_F(ManagerTest, NothingIsReconciledBeforeEveryListIsThere) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  api.Freeze("Port");
  Start(MakesOne);
  Run();
  EXPECT_FALSE(manager->Synced());
  EXPECT_TRUE(api.Get({"Instance", "default", "a-0"}).status().code() ==
              absl::StatusCode::kNotFound);
  api.Thaw();
  Run();
  EXPECT_TRUE(manager->Synced());
  EXPECT_TRUE(api.Get({"Instance", "default", "a-0"}).ok());
}

TEST_F(ManagerTest, OwnWritesAreSeenAtOnceByEveryKey) {
  Start(MakesOne);
  Run();
  api.Freeze("Instance");
  api.MustCreate(schema::Wrap(NamedSite("a")));
  api.MustCreate(schema::Wrap(NamedSite("b")));
  Run();
  EXPECT_EQ(manager->world().All("Instance").size(), 1u);
  EXPECT_FALSE(api.Get({"Instance", "default", "b-0"}).ok());
}

// A decision without what was made would take an owner away before its children.
TEST_F(ManagerTest, WhatWasMadeWithoutAnAnswerIsSeenBeforeTheNextLook) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(MakesOne);
  while (!manager->Synced()) manager->ProcessOne(clock.Read());
  api.Freeze("Instance");
  int lost = 0;
  api.after_write = [&](const std::string& what) {
    const bool first = what.find("Instance") != std::string::npos && lost++ == 0;
    return first ? absl::UnavailableError("no answer") : absl::OkStatus();
  };
  Pass(absl::Minutes(1));
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(manager->world().All("Instance").size(), 1u);
}

TEST_F(ManagerTest, AKeyRestsUntilItsWritesHaveComeBack) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(Restless);
  while (!manager->Synced()) manager->ProcessOne(clock.Read());
  api.Freeze("Site");
  Run();
  EXPECT_EQ(api.Get({"Site", "default", "a"})->site().status().replicas(), 1);
}

TEST_F(ManagerTest, AStormIsSlowedDownAndItsCauseNamed) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(Restless);
  Run();
  const int burst = api.Get({"Site", "default", "a"})->site().status().replicas();
  EXPECT_EQ(burst, static_cast<int>(kStormBurst));
  Pass(absl::Seconds(10));
  const int later = api.Get({"Site", "default", "a"})->site().status().replicas();
  EXPECT_NEAR(later - burst, 10 * kStormPerSecond, 2);
  ASSERT_NE(OnlyEvent(), nullptr);
  EXPECT_EQ(OnlyEvent()->spec().reason(), "ReconcileStorm");
  EXPECT_THAT(OnlyEvent()->spec().message(), HasSubstr("mostly woken by Site default/a"));
}

TEST_F(ManagerTest, FailuresBackOffAndAreReportedOnce) {
  api.before_write = [](const std::string& what) {
    return what.find("Instance") != std::string::npos ? absl::InvalidArgumentError("spec.site: no")
                                                      : absl::OkStatus();
  };
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(MakesOne);
  Pass(absl::Minutes(10));
  ASSERT_NE(OnlyEvent(), nullptr);
  EXPECT_EQ(OnlyEvent()->spec().reason(), "ReconcileFailed");
  EXPECT_THAT(OnlyEvent()->spec().message(),
              HasSubstr("creating Instance default/a-0: spec.site: no"));
  EXPECT_EQ(OnlyEvent()->spec().count(), 1);
  api.before_write = [](const std::string&) { return absl::OkStatus(); };
  Pass(kBackoffMax);
  EXPECT_TRUE(api.Get({"Instance", "default", "a-0"}).ok());
}

TEST_F(ManagerTest, ANewSpecEndsTheBackOff) {
  api.before_write = [](const std::string& what) {
    return what.find("Instance") != std::string::npos ? absl::InvalidArgumentError("no")
                                                      : absl::OkStatus();
  };
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(MakesOne);
  Pass(absl::Minutes(10));
  api.before_write = [](const std::string&) { return absl::OkStatus(); };
  api.Edit<v1::Site>("default", "a",
                     [](v1::Site* site) { site->mutable_spec()->set_blob("sha256-1"); });
  Run();
  EXPECT_TRUE(api.Get({"Instance", "default", "a-0"}).ok());
}

TEST_F(ManagerTest, FactsComeBackIntoTheWorldAndWakeWhoAsked) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(AsksForAFact);
  Run();
  EXPECT_EQ(api.Get({"Site", "default", "a"})->site().status().blob(), kNotChecked);
}

TEST_F(ManagerTest, RepeatedEventsAreCountedInOne) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(Repeats);
  const int before = api.writes();
  Pass(absl::Seconds(61));
  EXPECT_LE(api.writes() - before, 8);
  ASSERT_NE(OnlyEvent(), nullptr);
  EXPECT_GE(OnlyEvent()->spec().count(), 50);
  EXPECT_EQ(OnlyEvent()->spec().source(), "test-controller");
}

TEST_F(ManagerTest, ItSaysHowLongThereIsNothingToDo) {
  api.MustCreate(schema::Wrap(NamedSite("a")));
  Start(Repeats);
  Run();
  EXPECT_EQ(manager->NextWake(clock.Read()), absl::Seconds(1));
}

}  // namespace
}  // namespace reeve::controllers
