// All reconcilers together on an estate in memory: what people are promised.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/work_state.h"
#include "controllers/testing/harness.h"

namespace reeve::controllers {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kV1[] = "sha256-1";
constexpr char kV2[] = "sha256-2";

template <typename T>
std::string Reason(const T& object, const char* type) {
  const v1::Condition* found = client::FindCondition(object.status().conditions(), type);
  return found == nullptr ? ""
                          : v1::Condition::Status_Name(found->status()) + " " + found->reason();
}

template <typename T>
std::string ReadyReason(const T& object) {
  return Reason(object, client::kReady);
}

template <typename T>
std::string ReadyMessage(const T& object) {
  const v1::Condition* ready = client::FindCondition(object.status().conditions(), client::kReady);
  return ready == nullptr ? "" : ready->message();
}

class ControllersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    estate.AddHost("h1");
    estate.AddHost("h2");
    estate.Settle();
  }
  void Create(const v1::Site& site) { estate.api().MustCreate(schema::Wrap(site)); }
  void EditSite(const std::string& name, const std::function<void(v1::SiteSpec*)>& edit) {
    estate.api().Edit<v1::Site>("default", name,
                                [&](v1::Site* site) { edit(site->mutable_spec()); });
  }
  const v1::Site& GetSite(const std::string& name) {
    return *estate.Get<v1::Site>("default", name);
  }
  const v1::Instance& GetInstance(const std::string& name) {
    return *estate.Get<v1::Instance>("default", name);
  }
  v1::Site On(v1::Site site, const std::string& host) {
    site.mutable_spec()->mutable_placement()->add_hosts(host);
    return site;
  }

  Estate estate;
};

TEST_F(ControllersTest, TwoCopiesRunOnTwoHostsAndAreRoutedThere) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
  EXPECT_EQ(GetSite("blog").status().phase(), v1::SiteStatus::Active);
  EXPECT_EQ(GetSite("blog").status().ready_replicas(), 2);
  EXPECT_EQ(GetSite("blog").status().blob(), kV1);
  EXPECT_EQ(GetInstance("blog-0").spec().host(), "h1");
  EXPECT_EQ(GetInstance("blog-1").spec().host(), "h2");
  EXPECT_EQ(GetInstance("blog-0").status().phase(), v1::InstanceStatus::Running);
  const auto* domain = estate.Get<v1::Domain>("default", "blog.example");
  ASSERT_NE(domain, nullptr);
  EXPECT_EQ(domain->status().phase(), v1::DomainStatus::Active);
  EXPECT_THAT(domain->status().edges(), ElementsAre("h1", "h2"));
  EXPECT_EQ(client::FindCondition(domain->status().conditions(), client::kDnsReady)->reason(),
            "NotChecked");
}

TEST_F(ControllersTest, AStaticSiteHasNoPortAndServesFiles) {
  Create(StaticSite("pages", kV1));
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("pages")), "True AsWanted");
  EXPECT_EQ(estate.Count("Port"), 0u);
  int files = 0;
  for (const auto& [key, object] : estate.api().objects()) {
    if (object.has_work() && FindRoute(object.work().spec()))
      files += FindRoute(object.work().spec())->has_files();
  }
  EXPECT_EQ(files, 1);
}

// A0.1.
TEST_F(ControllersTest, TheFreedPortIsTakenAgainAndRemembersWhoHadIt) {
  for (const char* name : {"a", "b", "c"}) Create(On(ProcessSite(name, kV1), "h1"));
  estate.Settle();
  EXPECT_EQ(GetInstance("a-0").status().port(), 20000);
  EXPECT_EQ(GetInstance("b-0").status().port(), 20001);
  EXPECT_EQ(GetInstance("c-0").status().port(), 20002);
  const std::string uid = GetInstance("b-0").metadata().uid();
  estate.api().MustDelete({"Site", "default", "b"});
  estate.Settle();
  EXPECT_EQ(estate.Get<v1::Site>("default", "b"), nullptr);
  const auto* port = estate.Get<v1::Port>("", "h1-tcp-20001");
  ASSERT_NE(port, nullptr);
  EXPECT_FALSE(port->spec().has_holder());
  Create(On(ProcessSite("d", kV1), "h1"));
  estate.Settle();
  EXPECT_EQ(GetInstance("d-0").status().port(), 20001);
  port = estate.Get<v1::Port>("", "h1-tcp-20001");
  EXPECT_EQ(port->spec().holder().name(), "d-0");
  ASSERT_EQ(port->status().history_size(), 1);
  EXPECT_EQ(port->status().history(0).holder().uid(), uid);
  EXPECT_EQ(estate.Count("Port"), 3u);
}

// A0.2.
TEST_F(ControllersTest, AForeignListenerOnAnExplicitPortIsNamedAndNothingIsRendered) {
  v1::UpdateRequest request;
  *request.mutable_object() = *estate.api().Get({"Host", "", "h1"});
  v1::Listener* foreign =
      request.mutable_object()->mutable_host()->mutable_status()->add_foreign_listeners();
  foreign->set_port(20000);
  foreign->set_process("postgres (pid 812)");
  ASSERT_TRUE(estate.api().UpdateStatus(request).ok());
  v1::Site site = On(ProcessSite("fixed", kV1), "h1");
  site.mutable_spec()->mutable_process()->set_port(20000);
  Create(site);
  Create(On(ProcessSite("any", kV1), "h1"));
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetInstance("fixed-0")), "False PortInUse");
  EXPECT_THAT(ReadyMessage(GetInstance("fixed-0")), HasSubstr("postgres (pid 812)"));
  EXPECT_THAT(ReadyMessage(GetSite("fixed")), HasSubstr("postgres (pid 812)"));
  EXPECT_EQ(estate.Get<v1::Port>("", "h1-tcp-20000"), nullptr);
  EXPECT_EQ(GetInstance("any-0").status().port(), 20001);
  EXPECT_EQ(estate.Count("Work"), 2u);  // Of "any" and its name.
}

// The listeners came after the last report of the host: only its refusals tell of them.
TEST_F(ControllersTest, AnInstanceMovesOnFromAPortOnWhichSomebodyElseListens) {
  estate.Occupy("h1", 20000, "postgres");
  estate.Occupy("h1", 20001, "redis");
  Create(On(ProcessSite("any", kV1), "h1"));
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetInstance("any-0")), "True Healthy");
  EXPECT_EQ(GetInstance("any-0").status().port(), 20002);
  EXPECT_FALSE(estate.Get<v1::Port>("", "h1-tcp-20000")->spec().has_holder());
}

TEST_F(ControllersTest, AnInstanceThatAskedForAPortStaysWithItAndNamesTheListener) {
  estate.Occupy("h1", 20000, "postgres");
  v1::Site site = On(ProcessSite("fixed", kV1), "h1");
  site.mutable_spec()->mutable_process()->set_port(20000);
  Create(site);
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetInstance("fixed-0")), "False PortInUse");
  EXPECT_THAT(ReadyMessage(GetInstance("fixed-0")), HasSubstr("postgres"));
  EXPECT_EQ(estate.Count("Port"), 1u);
}

TEST_F(ControllersTest, AnExplicitPortOutsideTheRangeIsACondition) {
  v1::Site site = On(ProcessSite("low", kV1), "h1");
  site.mutable_spec()->mutable_process()->set_port(8080);
  Create(site);
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetInstance("low-0")), "False PortOutOfRange");
  EXPECT_THAT(ReadyMessage(GetInstance("low-0")), HasSubstr("20000-29999"));
  EXPECT_EQ(estate.Count("Work"), 0u);
}

TEST_F(ControllersTest, AnotherExplicitPortIsTakenBeforeTheOldOneIsLetGo) {
  Create(On(ProcessSite("app", kV1), "h1"));
  estate.Settle();
  EditSite("app", [](v1::SiteSpec* spec) { spec->mutable_process()->set_port(20500); });
  estate.Settle();
  EXPECT_EQ(GetInstance("app-0").status().port(), 20500);
  EXPECT_FALSE(estate.Get<v1::Port>("", "h1-tcp-20000")->spec().has_holder());
  for (const auto& [key, object] : estate.api().objects()) {
    if (object.has_work() && FindRoute(object.work().spec())) {
      EXPECT_EQ(FindRoute(object.work().spec())->upstream().port(), 20500);
    }
  }
}

TEST_F(ControllersTest, WithoutContentASiteWaitsAndSaysSo) {
  Create(StaticSite("empty", ""));
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("empty")), "False NoContent");
  EXPECT_EQ(GetSite("empty").status().phase(), v1::SiteStatus::Created);
  EXPECT_EQ(estate.Count("Work"), 0u);
  EditSite("empty", [](v1::SiteSpec* spec) { spec->set_blob(kV1); });
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("empty")), "True AsWanted");
}

TEST_F(ControllersTest, NoHostFitsAndTheMessageSaysWhyForEach) {
  estate.api().Edit<v1::Host>("", "h1",
                              [](v1::Host* host) { host->mutable_spec()->set_cordoned(true); });
  Create(StaticSite("two", kV1, 2));
  estate.Settle();
  EXPECT_EQ(GetInstance("two-0").spec().host(), "h2");
  EXPECT_EQ(ReadyReason(GetInstance("two-1")), "False NoHost");
  EXPECT_EQ(ReadyMessage(GetInstance("two-1")), "h1: cordoned; h2: has a copy of this site");
  estate.api().Edit<v1::Host>("", "h1",
                              [](v1::Host* host) { host->mutable_spec()->set_cordoned(false); });
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("two")), "True AsWanted");
}

TEST_F(ControllersTest, AnUpdateReplacesOneCopyAfterTheOther) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  int worst = 2;
  estate.invariant = [&] {
    int ready = 0;
    for (const char* name : {"blog-0", "blog-1"}) {
      const auto* it = estate.Get<v1::Instance>("default", name);
      if (it == nullptr) continue;
      ready +=
          client::IsTrueAt(it->status().conditions(), client::kReady, it->metadata().generation());
    }
    worst = std::min(worst, ready);
  };
  EditSite("blog", [](v1::SiteSpec* spec) { spec->set_blob(kV2); });
  estate.Settle();
  EXPECT_EQ(worst, 1);
  EXPECT_EQ(GetSite("blog").status().blob(), kV2);
  EXPECT_EQ(GetInstance("blog-1").status().live_blob(), kV2);
}

TEST_F(ControllersTest, AFailedUpdateStopsAtTheFirstCopyAndCanBeMended) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  estate.FailBlob(kV2, "systemd: main process exited, code=203\nmore");
  EditSite("blog", [](v1::SiteSpec* spec) { spec->set_blob(kV2); });
  estate.Settle();
  EXPECT_EQ(GetInstance("blog-0").status().phase(), v1::InstanceStatus::Failed);
  EXPECT_EQ(GetInstance("blog-0").status().live_blob(), kV1);
  EXPECT_EQ(GetInstance("blog-1").spec().blob(), kV1);
  EXPECT_EQ(ReadyReason(GetSite("blog")), "False InstancesNotReady");
  EXPECT_THAT(ReadyMessage(GetSite("blog")),
              HasSubstr("blog-0: StepFailed: systemd: main process exited, code=203"));
  EXPECT_EQ(Reason(GetSite("blog"), client::kProgressing), "False InstanceFailed");
  EXPECT_EQ(GetSite("blog").status().phase(), v1::SiteStatus::Active);
  EXPECT_EQ(estate.Get<v1::Domain>("default", "blog.example")->status().edges_size(), 2);
  EditSite("blog", [](v1::SiteSpec* spec) { spec->set_blob("sha256-3"); });
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
  EXPECT_EQ(Reason(GetSite("blog"), client::kProgressing), "True Complete");
}

TEST_F(ControllersTest, ACopyThatMayNoLongerBeWhereItIsIsNamed) {
  v1::Site site = StaticSite("pages", kV1);
  site.mutable_spec()->mutable_placement()->add_hosts("h1");
  Create(site);
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("pages")), "True AsWanted");
  EditSite("pages", [](v1::SiteSpec* spec) { spec->mutable_placement()->set_hosts(0, "h2"); });
  estate.Settle();
  EXPECT_EQ(ReadyReason(GetSite("pages")), "False PlacedElsewhere");
  EXPECT_EQ(GetInstance("pages-0").spec().host(), "h1");
  for (const int replicas : {0, 1}) {
    EditSite("pages", [&](v1::SiteSpec* spec) { spec->set_replicas(replicas); });
    estate.Settle();
  }
  EXPECT_EQ(GetInstance("pages-0").spec().host(), "h2");
  EXPECT_EQ(ReadyReason(GetSite("pages")), "True AsWanted");
}

TEST_F(ControllersTest, ASiteWhoseFirstCopyFailsIsFailedUntilItIsMended) {
  estate.FailBlob(kV1, "nginx: [emerg] unknown directive");
  Create(StaticSite("bad", kV1));
  estate.Settle();
  EXPECT_EQ(GetSite("bad").status().phase(), v1::SiteStatus::Failed);
  EXPECT_THAT(ReadyMessage(GetSite("bad")), HasSubstr("nginx: [emerg] unknown directive"));
  EXPECT_EQ(estate.Get<v1::Domain>("default", "bad.example")->status().phase(),
            v1::DomainStatus::Pending);
  estate.MendBlob(kV1);
  estate.Settle();
  EXPECT_EQ(GetSite("bad").status().phase(), v1::SiteStatus::Active);
}

TEST_F(ControllersTest, ScalingDownTakesTheHighestOrdinals) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  EditSite("blog", [](v1::SiteSpec* spec) { spec->set_replicas(1); });
  estate.Settle();
  EXPECT_NE(estate.Get<v1::Instance>("default", "blog-0"), nullptr);
  EXPECT_EQ(estate.Get<v1::Instance>("default", "blog-1"), nullptr);
  EXPECT_THAT(estate.Get<v1::Domain>("default", "blog.example")->status().edges(),
              ElementsAre("h1"));
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
}

TEST_F(ControllersTest, ARouteGoesBeforeTheUnitItLeadsTo) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  estate.invariant = [&] {
    std::set<std::string> works;
    for (const auto& [key, object] : estate.api().objects()) {
      if (object.has_work() && !client::IsDeleting(object.work().metadata())) {
        const auto* owner = client::FindController(object.work().metadata());
        if (owner->kind() == "Instance") works.insert(owner->uid());
      }
    }
    for (const auto& [key, object] : estate.api().objects()) {
      const auto* route = object.has_work() ? FindRoute(object.work().spec()) : nullptr;
      if (route == nullptr) continue;
      EXPECT_TRUE(works.contains(route->upstream().instance_uid())) << ToString(key);
    }
  };
  EditSite("blog", [](v1::SiteSpec* spec) { spec->set_replicas(1); });
  estate.Settle();
  estate.api().MustDelete({"Site", "default", "blog"});
  estate.Settle();
}

TEST_F(ControllersTest, DeletingASiteLeavesNothingButPorts) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  std::vector<std::string> phases;
  estate.invariant = [&] {
    const auto* site = estate.Get<v1::Site>("default", "blog");
    if (site == nullptr) return;
    const std::string phase = v1::SiteStatus::Phase_Name(site->status().phase());
    if (phases.empty() || phases.back() != phase) phases.push_back(phase);
  };
  estate.api().MustDelete({"Site", "default", "blog"});
  estate.Settle();
  EXPECT_THAT(phases, ElementsAre("Destroying", "Destroyed"));
  for (const char* kind : {"Site", "Instance", "Domain", "Work"})
    EXPECT_EQ(estate.Count(kind), 0u) << kind;
  EXPECT_EQ(estate.Count("Port"), 2u);
}

TEST_F(ControllersTest, ANewSiteCanBeDeletedBeforeAnythingRan) {
  estate.Silence("h1");
  estate.Silence("h2");
  Create(StaticSite("empty", ""));
  estate.api().MustDelete({"Site", "default", "empty"});
  estate.Settle();
  EXPECT_EQ(estate.Count("Site"), 0u);
}

TEST_F(ControllersTest, ADroppedDomainLosesItsRouteAndTheOthersKeepTheirs) {
  v1::Site site = StaticSite("blog", kV1);
  site.mutable_spec()->add_domains("www.blog.example");
  Create(site);
  estate.Settle();
  EXPECT_EQ(estate.Count("Domain"), 2u);
  EditSite("blog", [](v1::SiteSpec* spec) { spec->mutable_domains()->DeleteSubrange(0, 1); });
  estate.Settle();
  EXPECT_EQ(estate.Count("Domain"), 1u);
  EXPECT_EQ(estate.Count("Work"), 2u);
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
}

TEST_F(ControllersTest, ASilentHostIsReportedAndLosesNothing) {
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  estate.Silence("h1");
  estate.Pass(absl::Seconds(60));
  const auto* host = estate.Get<v1::Host>("", "h1");
  EXPECT_EQ(ReadyReason(*host), "Unknown HeartbeatLost");
  EXPECT_EQ(ReadyReason(GetInstance("blog-0")), "Unknown HostUnknown");
  EXPECT_EQ(GetInstance("blog-0").status().phase(), v1::InstanceStatus::Running);
  EXPECT_EQ(estate.Get<v1::Domain>("default", "blog.example")->status().edges_size(), 2);
  EXPECT_EQ(ReadyReason(GetSite("blog")), "False InstancesNotReady");
  estate.Revive("h1");
  estate.Pass(absl::Seconds(20));
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
}

TEST_F(ControllersTest, AfterARestartNobodyIsCalledLostBeforeTheGraceIsOver) {
  estate.Silence("h1");
  estate.Restart();
  estate.Pass(kRestartGrace - absl::Seconds(5));
  EXPECT_EQ(ReadyReason(*estate.Get<v1::Host>("", "h1")), "True Heartbeat");
  estate.Pass(absl::Seconds(10));
  EXPECT_EQ(ReadyReason(*estate.Get<v1::Host>("", "h1")), "Unknown HeartbeatLost");
  estate.Restart();  // A lease of old is no heartbeat.
  estate.Pass(absl::Seconds(30));
  EXPECT_EQ(ReadyReason(*estate.Get<v1::Host>("", "h1")), "Unknown HeartbeatLost");
}

TEST_F(ControllersTest, AHostWithInstancesStaysUntilTheyAreGone) {
  Create(On(StaticSite("blog", kV1), "h1"));
  estate.Settle();
  estate.api().MustDelete({"Host", "", "h1"});
  estate.Settle();
  const auto* host = estate.Get<v1::Host>("", "h1");
  ASSERT_NE(host, nullptr);
  const v1::Condition* released =
      client::FindCondition(host->status().conditions(), client::kReleased);
  ASSERT_NE(released, nullptr);
  EXPECT_EQ(released->message(), "it still holds default/blog-0");
  estate.api().MustDelete({"Site", "default", "blog"});
  estate.Settle();
  EXPECT_EQ(estate.Get<v1::Host>("", "h1"), nullptr);
}

TEST_F(ControllersTest, ALostHostIsGivenUpByForceAndItsCopiesMove) {
  estate.AddHost("h3");
  Create(ProcessSite("blog", kV1, 2));
  estate.Settle();
  estate.Silence("h1");
  estate.Pass(absl::Seconds(60));
  estate.api().Edit<v1::Host>("", "h1",
                              [](v1::Host* host) { host->mutable_spec()->set_abandoned(true); });
  estate.api().MustDelete({"Host", "", "h1"});
  estate.Settle();
  EXPECT_EQ(estate.Get<v1::Host>("", "h1"), nullptr);
  EXPECT_EQ(estate.Get<v1::Port>("", "h1-tcp-20000"), nullptr);
  EXPECT_EQ(GetInstance("blog-0").spec().host(), "h3");
  EXPECT_EQ(ReadyReason(GetSite("blog")), "True AsWanted");
}

TEST_F(ControllersTest, OnceSettledNothingIsWrittenFor600Seconds) {
  Create(ProcessSite("blog", kV1, 2));
  Create(StaticSite("pages", kV1));
  estate.Settle();
  estate.Pass(absl::Seconds(60));
  int writes = 0;
  estate.api().before_write = [&](const std::string& what) {
    if (what.find("Lease") == std::string::npos) ++writes;
    return absl::OkStatus();
  };
  estate.Pass(absl::Seconds(600));
  EXPECT_EQ(writes, 0);
}

TEST_F(ControllersTest, OldEventsAreDeleted) {
  Create(StaticSite("pages", kV1));
  estate.Settle();
  EXPECT_GT(estate.Count("Event"), 0u);
  estate.Pass(kEventAgeMax + absl::Seconds(5));
  EXPECT_EQ(estate.Count("Event"), 0u);
}

}  // namespace
}  // namespace reeve::controllers
