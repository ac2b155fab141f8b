// What each reconciler decides in the situations that matter, as text: <kind>/testdata/*.txt.
#include <gtest/gtest.h>

#include "base/testing/golden.h"
#include "controllers/domain/domain_reconciler.h"
#include "controllers/gc/gc_reconciler.h"
#include "controllers/host/host_reconciler.h"
#include "controllers/instance/artifacts.h"
#include "controllers/instance/instance_reconciler.h"
#include "controllers/port/port_reconciler.h"
#include "controllers/site/site_reconciler.h"
#include "controllers/site/site_view.h"
#include "controllers/testing/world_builder.h"

namespace reeve::controllers {
namespace {

const ObjectKey kSite = {"Site", "default", "blog"};
const ObjectKey kInstance = {"Instance", "default", "blog-0"};
const ObjectKey kDomain = {"Domain", "default", "blog.example"};
const ObjectKey kHost = {"Host", "", "h1"};

class GoldenTest : public ::testing::Test {
 protected:
  void Expect(const std::string& name, const Reconciler& reconciler, const ObjectKey& key) {
    ExpectGolden("controllers/" + name + ".txt", builder.Reconcile(reconciler, key));
  }
  v1::Instance Copy(const v1::Site& site, int ordinal, const std::string& host) {
    v1::Instance instance;
    instance.mutable_metadata()->set_name(InstanceName(site, ordinal));
    instance.mutable_metadata()->set_namespace_("default");
    instance.mutable_metadata()->set_uid("uid-" + InstanceName(site, ordinal));
    client::AddFinalizer(instance.mutable_metadata(), client::kInstanceFinalizer);
    *instance.mutable_metadata()->add_owner_references() =
        client::ControllerRef("Site", site.metadata());
    *instance.mutable_spec() = ResolveSpec(site, ordinal, host);
    instance.mutable_status()->set_phase(v1::InstanceStatus::Pending);
    return instance;
  }
  v1::Instance RunningCopy(const v1::Site& site, int ordinal, const std::string& host) {
    v1::Instance instance = Copy(site, ordinal, host);
    instance.mutable_status()->set_phase(v1::InstanceStatus::Running);
    instance.mutable_status()->set_observed_generation(1);
    instance.mutable_status()->set_live_blob(site.spec().blob());
    builder.SetTrue(instance.mutable_status()->mutable_conditions(), client::kReady, "Healthy",
                    "confirmed by its host");
    return instance;
  }
  void AddWork(const v1::Instance& instance, int port, bool confirmed) {
    v1::Work work = WithDefaults(RenderInstanceWork(instance, port));
    if (confirmed) builder.Confirm(&work);
    builder.Add(work);
  }
  v1::Port HeldPort(const std::string& holder) {
    v1::Port port;
    port.mutable_metadata()->set_name("h1-tcp-20000");
    port.mutable_spec()->set_host("h1");
    port.mutable_spec()->set_protocol("tcp");
    port.mutable_spec()->set_number(20000);
    port.mutable_spec()->mutable_holder()->set_kind("Instance");
    port.mutable_spec()->mutable_holder()->set_namespace_("default");
    port.mutable_spec()->mutable_holder()->set_name(holder);
    port.mutable_spec()->mutable_holder()->set_uid("uid-" + holder);
    port.mutable_spec()->mutable_held_since()->set_seconds(1767220000);
    port.mutable_spec()->set_owner_uid("uid-blog");
    return port;
  }
  v1::Domain BlogDomain() {
    v1::Domain domain;
    domain.mutable_metadata()->set_name("blog.example");
    domain.mutable_metadata()->set_namespace_("default");
    domain.mutable_metadata()->set_uid("uid-domain");
    client::AddFinalizer(domain.mutable_metadata(), client::kDomainFinalizer);
    domain.mutable_spec()->set_hostname("blog.example");
    domain.mutable_spec()->set_site("blog");
    domain.mutable_status()->set_phase(v1::DomainStatus::Pending);
    return domain;
  }
  // The Work that the domain reconciler makes now, added as if it had been made.
  void AddRoute() {
    const Outcome outcome = kDomainReconciler.reconcile(builder.world, kDomain, builder.now);
    for (const Effect& effect : outcome.effects) {
      if (const auto* create = std::get_if<CreateObject>(&effect))
        builder.Add(create->object.work());
    }
  }

  WorldBuilder builder;
};

TEST_F(GoldenTest, SiteIsNew) {
  v1::Site site = builder.Blog(v1::SiteSpec::Process);
  site.mutable_spec()->set_replicas(2);
  site.mutable_status()->set_phase(v1::SiteStatus::Created);
  builder.Add(site);
  Expect("site/testdata/new", kSiteReconciler, kSite);
}

TEST_F(GoldenTest, SiteIsUpdated) {
  v1::Site site = builder.Blog(v1::SiteSpec::Static);
  site.mutable_metadata()->set_uid("uid-blog");
  site.mutable_spec()->set_replicas(2);
  site.mutable_status()->set_phase(v1::SiteStatus::Active);
  builder.Add(RunningCopy(site, 0, "h1"));
  builder.Add(RunningCopy(site, 1, "h2"));
  builder.Add(BlogDomain());
  site.mutable_spec()->set_blob("sha256-2");
  builder.Add(site);
  Expect("site/testdata/updated", kSiteReconciler, kSite);
}

TEST_F(GoldenTest, SiteIsDeleted) {
  v1::Site site = builder.Blog(v1::SiteSpec::Static);
  builder.MarkDeleted(&site);
  site = builder.Add(site);
  v1::Domain domain = BlogDomain();
  *domain.mutable_metadata()->add_owner_references() =
      client::ControllerRef("Site", site.metadata());
  builder.Add(domain);
  builder.Add(Copy(site, 0, "h1"));
  Expect("site/testdata/deleted", kSiteReconciler, kSite);
}

TEST_F(GoldenTest, InstanceIsPlaced) {
  builder.Add(builder.ReadyHost("h1"));
  builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, ""));
  Expect("instance/testdata/placed", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, InstanceHasNoHost) {
  v1::Host host = builder.ReadyHost("h1");
  host.mutable_spec()->set_cordoned(true);
  builder.Add(host);
  builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, ""));
  Expect("instance/testdata/no_host", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, ProcessInstanceIsToldToItsHost) {
  builder.Add(builder.ReadyHost("h1"));
  builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1"));
  builder.Add(HeldPort("blog-0"));
  Expect("instance/testdata/process", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, StaticInstanceIsToldToItsHost) {
  builder.Add(builder.ReadyHost("h1"));
  builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Static)), 0, "h1"));
  Expect("instance/testdata/static", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, InstanceWhoseProgramEndsAgainAndAgainIsFailed) {
  builder.Add(builder.ReadyHost("h1"));
  v1::Instance instance = Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1");
  instance.mutable_status()->set_phase(v1::InstanceStatus::Starting);
  builder.Add(instance);
  builder.Add(HeldPort("blog-0"));
  v1::Work work = WithDefaults(RenderInstanceWork(instance, 20000));
  builder.Confirm(&work);
  client::SetCondition(work.mutable_status()->mutable_conditions(),
                       {client::kHealthy, v1::Condition::False, "CrashLoop",
                        "the program of reeve-instance-blog-0-uid-blog.service ends again and "
                        "again: exit status 1"},
                       1, builder.now.wall);
  builder.Add(work);
  Expect("instance/testdata/crash_loop", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, InstanceSaysWhatNginxSaysOfItsRoute) {
  builder.Add(builder.ReadyHost("h1"));
  const v1::Site site = builder.Add(builder.Blog(v1::SiteSpec::Static));
  const v1::Instance instance = builder.Add(RunningCopy(site, 0, "h1"));
  AddWork(instance, 0, true);
  builder.Add(BlogDomain());
  AddRoute();
  const auto work = AllAs<v1::Work>(builder.world.OwnedBy("uid-domain"));
  ASSERT_EQ(work.size(), 1u);
  v1::Work route = *work[0];
  route.mutable_status()->set_state(v1::WorkStatus::Failed);
  route.mutable_status()->set_observed_generation(1);
  client::SetCondition(route.mutable_status()->mutable_conditions(),
                       {client::kApplied, v1::Condition::False, "NginxFailed",
                        "unknown directive \"bogus\" in /etc/nginx/conf.d/foreign.conf:1"},
                       1, builder.now.wall);
  builder.Add(route);
  Expect("instance/testdata/route_refused", kInstanceReconciler, kInstance);
  route.mutable_status()->clear_conditions();
  builder.Confirm(&route);
  builder.Add(route);
  Expect("instance/testdata/routed", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, InstanceIsDeletedWhileItsRouteIsInPlace) {
  builder.Add(builder.ReadyHost("h1"));
  const v1::Site site = builder.Add(builder.Blog(v1::SiteSpec::Static));
  v1::Instance instance = builder.Add(RunningCopy(site, 0, "h1"));
  AddWork(instance, 0, true);
  builder.Add(BlogDomain());
  AddRoute();
  builder.MarkDeleted(&instance);
  builder.Add(instance);
  Expect("instance/testdata/deleted_routed", kInstanceReconciler, kInstance);
}

TEST_F(GoldenTest, PortIsAllocated) {
  v1::Host host = builder.ReadyHost("h1");
  v1::Listener* foreign = host.mutable_status()->add_foreign_listeners();
  foreign->set_port(20000);
  builder.Add(host);
  builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1"));
  Expect("port/testdata/allocated", kPortReconciler, kHost);
}

TEST_F(GoldenTest, PortIsRecordedAndThenReleased) {
  builder.Add(builder.ReadyHost("h1"));
  v1::Port port = HeldPort("gone-0");
  builder.Add(port);
  Expect("port/testdata/recorded", kPortReconciler, kHost);
  v1::PortHolding* last = port.mutable_status()->add_history();
  *last->mutable_holder() = port.spec().holder();
  *last->mutable_from() = port.spec().held_since();
  last->mutable_to()->set_seconds(1767225600);
  builder.Add(port);
  Expect("port/testdata/released", kPortReconciler, kHost);
}

TEST_F(GoldenTest, PortOfAnInstanceThatIsNotKnownYetIsKept) {
  builder.Add(builder.ReadyHost("h1"));
  builder.Add(HeldPort("new-0"));
  builder.world.SetRevision("Instance", 4);
  EXPECT_EQ(builder.Reconcile(kPortReconciler, kHost), "after 5s\n");
}

TEST_F(GoldenTest, DomainWaitsForAHealthyInstance) {
  builder.Add(builder.ReadyHost("h1"));
  const v1::Instance instance =
      builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1"));
  AddWork(instance, 20000, false);
  builder.Add(BlogDomain());
  Expect("domain/testdata/waits", kDomainReconciler, kDomain);
}

TEST_F(GoldenTest, DomainIsRoutedToAProcess) {
  builder.Add(builder.ReadyHost("h1"));
  const v1::Instance instance =
      builder.Add(RunningCopy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1"));
  AddWork(instance, 20000, true);
  builder.Add(BlogDomain());
  Expect("domain/testdata/process", kDomainReconciler, kDomain);
}

TEST_F(GoldenTest, DomainIsRoutedToFiles) {
  builder.Add(builder.ReadyHost("h1"));
  v1::Site site = builder.Blog(v1::SiteSpec::Static);
  site.mutable_spec()->mutable_static_()->set_root("public");
  const v1::Instance instance = builder.Add(RunningCopy(builder.Add(site), 0, "h1"));
  AddWork(instance, 0, true);
  builder.Add(BlogDomain());
  Expect("domain/testdata/static", kDomainReconciler, kDomain);
}

TEST_F(GoldenTest, DomainOfAnInstanceThatGoesLosesItsRoute) {
  builder.Add(builder.ReadyHost("h1"));
  v1::Instance instance =
      builder.Add(RunningCopy(builder.Add(builder.Blog(v1::SiteSpec::Process)), 0, "h1"));
  AddWork(instance, 20000, true);
  builder.Add(BlogDomain());
  AddRoute();
  builder.MarkDeleted(&instance);
  builder.Add(instance);
  Expect("domain/testdata/instance_goes", kDomainReconciler, kDomain);
}

TEST_F(GoldenTest, HostIsAliveThenLost) {
  v1::Host host = builder.ReadyHost("h1");
  host.mutable_status()->clear_conditions();
  builder.Add(host);
  builder.world.SetHeartbeatsSince(absl::ZeroDuration());
  builder.world.SetRenewed("h1", builder.now.mono - absl::Seconds(5));
  Expect("host/testdata/alive", kHostReconciler, kHost);
  builder.Add(builder.ReadyHost("h1"));
  builder.world.SetRenewed("h1", builder.now.mono - absl::Seconds(41));
  Expect("host/testdata/lost", kHostReconciler, kHost);
}

TEST_F(GoldenTest, HeartbeatsThatCannotBeSeenSayNothing) {
  builder.Add(builder.ReadyHost("h1"));
  builder.world.SetRenewed("h1", builder.now.mono - absl::Minutes(5));
  EXPECT_EQ(builder.Reconcile(kHostReconciler, kHost), "after 5s\n");
  builder.world.SetHeartbeatsSince(builder.now.mono - absl::Seconds(100));
  EXPECT_EQ(builder.Reconcile(kHostReconciler, kHost), "after 20s\n");
}

TEST_F(GoldenTest, AbandonedHostLetsGo) {
  v1::Host host = builder.ReadyHost("h1");
  host.mutable_spec()->set_abandoned(true);
  builder.MarkDeleted(&host);
  builder.Add(host);
  builder.world.SetHeartbeatsSince(absl::ZeroDuration());
  const v1::Instance instance =
      builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Static)), 0, "h1"));
  AddWork(instance, 0, true);
  Expect("host/testdata/abandoned", kHostReconciler, kHost);
}

TEST_F(GoldenTest, WorkThatItsHostRemovedIsLetGo) {
  builder.Add(builder.ReadyHost("h1"));
  const v1::Instance instance =
      builder.Add(Copy(builder.Add(builder.Blog(v1::SiteSpec::Static)), 0, "h1"));
  v1::Work work = RenderInstanceWork(instance, 0);
  builder.MarkDeleted(&work);
  work = builder.Add(work);
  const ObjectKey key = {"Work", "default", work.metadata().name()};
  EXPECT_EQ(builder.Reconcile(kGcReconciler, key), "nothing\n");
  work.mutable_status()->set_state(v1::WorkStatus::Removed);
  work.mutable_status()->set_observed_generation(1);  // Of an earlier version.
  builder.Add(work);
  EXPECT_EQ(builder.Reconcile(kGcReconciler, key), "nothing\n");
  work.mutable_status()->set_observed_generation(2);
  builder.Add(work);
  Expect("gc/testdata/work_removed", kGcReconciler, key);
}

TEST_F(GoldenTest, OrphansAreDeletedWhenTheirOwnerCannotBeLate) {
  builder.Add(Copy(builder.Blog(v1::SiteSpec::Static), 0, ""));
  EXPECT_EQ(builder.Reconcile(kGcReconciler, kInstance),
            "delete Instance default/blog-0 uid uid-blog-0\n");
  builder.world.SetRevision("Site", 4);
  EXPECT_EQ(builder.Reconcile(kGcReconciler, kInstance), "after 5s\n");
}

}  // namespace
}  // namespace reeve::controllers
