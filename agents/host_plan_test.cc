#include "agents/host_plan.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "agents/ledger.h"
#include "agents/mark.h"
#include "agents/step.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/testing/golden.h"

namespace reeve::agents {
namespace {

constexpr char kBlob1[] = "sha256-1111111111111111";
constexpr char kBlob2[] = "sha256-2222222222222222";

std::string UnitText(const v1::Artifact::Unit& unit, const std::string& owner) {
  return WithMark(owner,
                  fmt::format("unit {} blob {} port {}\n", unit.name(), unit.blob(), unit.port()));
}

std::string SiteText(const v1::Artifact::NginxSite& site, const std::string& owner) {
  return WithMark(owner, fmt::format("site {} {}{}\n", site.name(), site.server_names(0),
                                     site.upstream().port() == kNoPort ? " closed" : ""));
}

const Renderers& PlainRenderers() {
  static const Renderers renderers = {
      .unit = [](const auto& unit, const auto& owner, const auto&) -> absl::StatusOr<std::string> {
        if (unit.command_size() == 0) return InvalidArgument("command: required");
        return UnitText(unit, owner);
      },
      .site = [](const auto& site, const auto& owner) -> absl::StatusOr<std::string> {
        return SiteText(site, owner);
      }};
  return renderers;
}

// A host as the ledger and the inventory describe it.
class HostPlanTest : public ::testing::Test {
 protected:
  HostPlanTest() {
    inventory_.mutable_nginx()->set_installed(true);
    inventory_.mutable_nginx()->set_hooked(true);
    inventory_.mutable_nginx()->mutable_common()->set_intact(true);
  }

  pb::Ledger::Entry* AddEntry(const std::string& key, const v1::WorkSpec& spec) {
    auto* entry = ledger_.add_entries();
    entry->set_key(key);
    entry->mutable_work()->mutable_metadata()->set_namespace_("default");
    entry->mutable_work()->mutable_metadata()->set_name(key.substr(key.find('/') + 1));
    entry->mutable_work()->mutable_metadata()->set_uid("uid-" + key.substr(key.find('/') + 1));
    entry->mutable_work()->mutable_metadata()->set_generation(1);
    *entry->mutable_work()->mutable_spec() = spec;
    entry->set_spec_hash(HashOf(spec));
    return entry;
  }

  static v1::WorkSpec Process(const std::string& name, int port, const std::string& blob) {
    v1::WorkSpec spec;
    spec.set_host("h1");
    auto* user = spec.add_artifacts();
    user->set_id("user");
    user->mutable_user()->set_name("u-" + name);
    user->mutable_user()->set_uid(30000 + port % 100);
    auto* unpack = spec.add_artifacts();
    unpack->set_id("content");
    unpack->mutable_unpack()->set_dir("d-" + name);
    unpack->mutable_unpack()->set_blob(blob);
    auto* unit = spec.add_artifacts();
    unit->set_id("unit");
    unit->mutable_unit()->set_name("reeve-" + name);
    unit->mutable_unit()->set_user("u-" + name);
    unit->mutable_unit()->set_port(port);
    unit->mutable_unit()->set_blob(blob);
    unit->mutable_unit()->add_command("node");
    return spec;
  }

  static v1::WorkSpec Route(const std::string& name, const std::string& host) {
    v1::WorkSpec spec;
    auto* site = spec.add_artifacts();
    site->set_id("route");
    site->mutable_nginx_site()->set_name(name);
    site->mutable_nginx_site()->add_server_names(host);
    return spec;
  }

  // As if the plan for `entry` had been carried out.
  void Apply(pb::Ledger::Entry* entry) {
    const std::string& uid = entry->work().metadata().uid();
    for (const auto& artifact : entry->work().spec().artifacts()) {
      if (artifact.has_user()) {
        auto* user = inventory_.add_users();
        user->set_name(artifact.user().name());
        user->set_uid(artifact.user().uid());
        user->set_ours(true);
      }
      if (artifact.has_unpack()) {
        auto* content = inventory_.add_contents();
        content->set_dir(artifact.unpack().dir());
        content->set_owner(uid);
        content->add_releases(artifact.unpack().blob());
        content->set_current(artifact.unpack().blob());
      }
      if (artifact.has_unit()) {
        auto* unit = inventory_.add_units();
        unit->set_name(artifact.unit().name());
        unit->set_active_state("active");
        unit->set_enabled(true);
        unit->set_invocation_id("inv1");
        SetFile("/etc/systemd/system/" + unit->name() + ".service", UnitText(artifact.unit(), uid),
                unit->mutable_file());
      }
      if (artifact.has_nginx_site()) {
        auto* site = inventory_.add_sites();
        site->set_name(artifact.nginx_site().name());
        SetFile("/etc/nginx/reeve/current/" + site->name() + ".conf",
                SiteText(artifact.nginx_site(), uid), site->mutable_file());
      }
    }
    RecordItems(entry);
    for (auto& item : *entry->mutable_items()) {
      for (const auto& unit : inventory_.units()) {
        if (item.kind() != pb::Ledger::Item::UNIT || unit.name() != item.name()) continue;
        item.set_sha256(unit.file().sha256());
        item.set_invocation_id(unit.invocation_id());
      }
      for (const auto& site : inventory_.sites()) {
        if (item.kind() == pb::Ledger::Item::SITE && site.name() == item.name())
          item.set_sha256(site.file().sha256());
      }
    }
  }

  static void SetFile(const std::string& path, const std::string& content,
                      pb::Inventory::File* file) {
    file->set_path(path);
    file->set_sha256(Sha256Hex(content));
    const auto mark = ReadMark(content);
    file->set_owner(mark ? mark->owner : "");
    file->set_intact(mark && mark->intact);
  }

  pb::Plan Plan() {
    return MakeHostPlan({.ledger = &ledger_,
                         .inventory = &inventory_,
                         .paths = &paths_,
                         .renderers = &PlainRenderers(),
                         .held = held_});
  }
  void ExpectPlan(const std::string& golden) {
    ExpectGolden("agents/testdata/" + golden, Describe(Plan()));
  }

  pb::Ledger ledger_;
  pb::Inventory inventory_;
  HostPaths paths_;
  std::set<std::string> held_;
};

TEST_F(HostPlanTest, AnEmptyHostIsBuilt) {
  AddEntry("default/blog", Process("blog", 20000, kBlob1));
  AddEntry("default/blog.example", Route("blog-route", "blog.example"));
  AddEntry("default/shop", Process("shop", 20001, kBlob1));
  ExpectPlan("plan_build.txt");
}

TEST_F(HostPlanTest, NoDifferenceIsNoStep) {
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  Apply(AddEntry("default/blog.example", Route("blog-route", "blog.example")));
  const pb::Plan plan = Plan();
  EXPECT_EQ(plan.stage(), pb::Plan::NOTHING);
  EXPECT_EQ(plan.lanes_size(), 0);
  EXPECT_EQ(plan.settled_size(), 2);
}

TEST_F(HostPlanTest, RoutesOfAllWorksAreOneGeneration) {
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  AddEntry("default/a.example", Route("a-route", "a.example"));
  AddEntry("default/b.example", Route("b-route", "b.example"));
  inventory_.mutable_nginx()->set_newest(7);
  ExpectPlan("plan_route.txt");
}

TEST_F(HostPlanTest, NewContentIsUnpackedBesideAndTheUnitRestarted) {
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  auto* entry = ledger_.mutable_entries(0);
  *entry->mutable_work()->mutable_spec() = Process("blog", 20000, kBlob2);
  entry->set_spec_hash(HashOf(entry->work().spec()));
  ExpectPlan("plan_update.txt");
}

TEST_F(HostPlanTest, RemovalTakesTheRouteFirstAndThenTheRestInReverse) {
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  Apply(AddEntry("default/blog.example", Route("blog-route", "blog.example")));
  for (auto& entry : *ledger_.mutable_entries()) entry.set_removing(true);
  ExpectPlan("plan_remove_route.txt");
  inventory_.clear_sites();
  ExpectPlan("plan_remove_rest.txt");
}

TEST_F(HostPlanTest, AStoppedUnitAndAnEditedFileAreDrift) {
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  Apply(AddEntry("default/shop", Process("shop", 20001, kBlob1)));
  inventory_.mutable_units(0)->set_active_state("inactive");
  SetFile("/etc/systemd/system/reeve-shop.service", "garbage\n",
          inventory_.mutable_units(1)->mutable_file());
  ExpectPlan("plan_drift_units.txt");
}

TEST_F(HostPlanTest, AnEditedSiteIsKeptAsideAndRestored) {
  Apply(AddEntry("default/a.example", Route("a-route", "a.example")));
  Apply(AddEntry("default/b.example", Route("b-route", "b.example")));
  SetFile("/etc/nginx/reeve/current/a-route.conf", "garbage\n",
          inventory_.mutable_sites(0)->mutable_file());
  ExpectPlan("plan_drift_site.txt");
}

// The agent died after it had made the file and before it recorded what it had made.
TEST_F(HostPlanTest, AnEditBeforeTheFirstRecordIsKeptAsideAndRestored) {
  Apply(AddEntry("default/a.example", Route("a-route", "a.example")));
  Apply(AddEntry("default/blog", Process("blog", 20000, kBlob1)));
  for (auto& entry : *ledger_.mutable_entries()) {
    for (auto& item : *entry.mutable_items()) item.clear_sha256();
  }
  const std::string edited =
      SiteText(Route("a-route", "a.example").artifacts(0).nginx_site(), "uid-a.example") +
      "# edited\n";
  SetFile("/etc/nginx/reeve/current/a-route.conf", edited,
          inventory_.mutable_sites(0)->mutable_file());
  const pb::Plan plan = Plan();
  EXPECT_EQ(plan.refusals_size(), 0);
  ASSERT_EQ(plan.stage(), pb::Plan::ROUTE);
  EXPECT_TRUE(plan.lanes(0).before(0).has_save_aside());
  EXPECT_TRUE(plan.lanes(0).before(1).has_stage_sites());
}

TEST_F(HostPlanTest, AForeignFileRefusesTheWorkAlone) {
  AddEntry("default/blog", Process("blog", 20000, kBlob1));
  AddEntry("default/shop", Process("shop", 20001, kBlob1));
  auto* unit = inventory_.add_units();
  unit->set_name("reeve-blog");
  SetFile("/etc/systemd/system/reeve-blog.service", "[Service]\n", unit->mutable_file());
  ExpectPlan("plan_foreign_file.txt");
}

TEST_F(HostPlanTest, AForeignListenerIsNamed) {
  AddEntry("default/blog", Process("blog", 20000, kBlob1));
  auto* listener = inventory_.add_listeners();
  listener->set_port(20000);
  listener->set_pid(812);
  listener->set_process("python3");
  const pb::Plan plan = Plan();
  EXPECT_EQ(plan.lanes_size(), 0);
  ASSERT_EQ(plan.refusals_size(), 1);
  EXPECT_EQ(plan.refusals(0).reason(), "PortInUse");
  EXPECT_EQ(plan.refusals(0).message(), "port 20000 is held by python3 (pid 812) on this host");
}

// Another site's process took the port while the unit was down: systemd starts it again and again.
TEST_F(HostPlanTest, AStolenPortClosesTheRouteAtOnce) {
  auto* blog = AddEntry("default/blog", Process("blog", 20000, kBlob1));
  auto* owner = blog->mutable_work()->mutable_metadata()->add_owner_references();
  owner->set_uid("instance-1");
  owner->set_controller(true);
  Apply(blog);
  v1::WorkSpec routes = Route("a-route", "a.example");
  auto* upstream = routes.mutable_artifacts(0)->mutable_nginx_site()->mutable_upstream();
  upstream->set_instance_uid("instance-1");
  upstream->set_port(20000);
  Apply(AddEntry("default/a.example", routes));
  auto* listener = inventory_.add_listeners();
  listener->set_address("127.0.0.1");
  listener->set_port(20000);
  listener->set_uid(30000);
  EXPECT_EQ(Plan().stage(), pb::Plan::NOTHING);  // Its own.
  EXPECT_EQ(Plan().refusals_size(), 0);
  listener->set_uid(30999);
  const pb::Plan plan = Plan();
  ASSERT_EQ(plan.refusals_size(), 1);
  EXPECT_EQ(plan.refusals(0).reason(), "PortInUse");
  ASSERT_EQ(plan.stage(), pb::Plan::ROUTE);
  const auto& site = plan.lanes(0).before(0).stage_sites().sites(0);
  upstream->set_port(kNoPort);
  EXPECT_EQ(site.content(), SiteText(routes.artifacts(0).nginx_site(), "uid-a.example"));
  listener->set_address("192.0.2.1");  // Nobody is sent there.
  EXPECT_EQ(Plan().stage(), pb::Plan::NOTHING);
}

TEST_F(HostPlanTest, AHeldWorkIsLeftAloneWithItsRoute) {
  Apply(AddEntry("default/a.example", Route("a-route", "a.example")));
  AddEntry("default/b.example", Route("b-route", "b.example"));
  auto* entry = ledger_.mutable_entries(0);
  *entry->mutable_work()->mutable_spec() = Route("a-route", "bad.example");
  held_ = {"default/a.example"};
  const pb::Plan plan = Plan();
  ASSERT_EQ(plan.stage(), pb::Plan::ROUTE);
  const auto& stage = plan.lanes(0).before(0).stage_sites();
  ASSERT_EQ(stage.sites_size(), 1);
  EXPECT_EQ(stage.sites(0).name(), "b-route");
  ASSERT_EQ(stage.keep_size(), 1);
  EXPECT_EQ(stage.keep(0), "a-route");
  EXPECT_EQ(plan.settled_size(), 0);
}

TEST_F(HostPlanTest, UnknownSitesStayInEveryGeneration) {
  AddEntry("default/b.example", Route("b-route", "b.example"));
  auto* foreign = inventory_.add_sites();
  foreign->set_name("mine");
  SetFile("/etc/nginx/reeve/current/mine.conf", "server {}\n", foreign->mutable_file());
  const pb::Plan plan = Plan();
  ASSERT_EQ(plan.stage(), pb::Plan::ROUTE);
  EXPECT_EQ(plan.lanes(0).before(0).stage_sites().keep(0), "mine");
}

TEST_F(HostPlanTest, WithoutNginxARouteIsRefusedNotForgotten) {
  AddEntry("default/b.example", Route("b-route", "b.example"));
  inventory_.clear_nginx();
  const pb::Plan plan = Plan();
  ASSERT_EQ(plan.refusals_size(), 1);
  EXPECT_EQ(plan.refusals(0).reason(), "NginxMissing");
}

TEST_F(HostPlanTest, ARecordedButForeignThingIsNotRemoved) {
  auto* entry = AddEntry("default/blog", Process("blog", 20000, kBlob1));
  RecordItems(entry);  // Recorded, but the attempt never got there.
  entry->set_removing(true);
  auto* unit = inventory_.add_units();
  unit->set_name("reeve-blog");
  SetFile("/etc/systemd/system/reeve-blog.service", "[Service]\n", unit->mutable_file());
  const pb::Plan plan = Plan();
  EXPECT_EQ(plan.lanes_size(), 0);
  EXPECT_EQ(plan.gone_size(), 1);
}

TEST_F(HostPlanTest, AUserOfTwoWorksComesBeforeThem) {
  AddEntry("default/blog-0", Process("blog", 20000, kBlob1));
  v1::WorkSpec other = Process("blog2", 20001, kBlob1);
  *other.mutable_artifacts(0) = ledger_.entries(0).work().spec().artifacts(0);
  AddEntry("default/blog-1", other);
  const pb::Plan plan = Plan();
  ASSERT_EQ(plan.lanes_size(), 1);
  EXPECT_EQ(plan.lanes(0).work(), "user u-blog");
  auto* user = inventory_.add_users();
  user->set_name("u-blog");
  user->set_uid(30000);
  user->set_ours(true);
  EXPECT_EQ(Plan().lanes_size(), 2);
}

}  // namespace
}  // namespace reeve::agents
