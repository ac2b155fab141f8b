#include "agents/nginx/nginx_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/mark.h"
#include "agents/nginx/setup.h"
#include "agents/nginx/site_file.h"
#include "agents/testing/provider_conformance.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents::nginx {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

class NginxProviderTest : public ::testing::Test {
 protected:
  NginxProviderTest() : provider_(NewNginxProvider(HostOf(&os_))) {}

  void SetUp() override { ASSERT_OK(Prepare(HostOf(&os_), false)); }

  static std::string Conf(const std::string& name, int port = 80) {
    v1::Artifact::NginxSite site;
    site.set_name(name);
    site.add_server_names(name + ".example");
    site.set_listen_port(port);
    site.mutable_files()->set_dir("dir-" + name);
    const HostPaths paths;
    return *RenderSite({.site = &site, .owner = "0a1b2c3d", .paths = &paths});
  }

  static pb::Step Stage(int64_t generation, const std::map<std::string, std::string>& sites,
                        const std::vector<std::string>& keep = {}) {
    pb::Step step;
    auto* stage = step.mutable_stage_sites();
    stage->set_generation(generation);
    for (const auto& [name, content] : sites) {
      auto* site = stage->add_sites();
      site->set_name(name);
      site->set_content(content);
    }
    for (const std::string& name : keep) stage->add_keep(name);
    return step;
  }

  static pb::Step Switch(int64_t generation) {
    pb::Step step;
    step.mutable_switch_sites()->set_generation(generation);
    return step;
  }

  absl::Status Route(int64_t generation, const std::map<std::string, std::string>& sites,
                     const std::vector<std::string>& keep = {}) {
    report_.Clear();
    return RunSteps(*provider_, {Stage(generation, sites, keep), Switch(generation)}, &report_);
  }

  void Content(const std::string& name) {
    os_.WriteFile("/srv/reeve/dir-" + name + "/current/index.html", name);
  }

  std::string Get(const std::string& host, int port = 80) {
    const auto answer = os_.net()->HttpGet({.port = port, .host = host});
    return answer.ok() ? fmt::format("{} {}", answer->status, answer->body) : "refused";
  }

  pb::Inventory Look() {
    pb::Inventory inventory;
    EXPECT_OK(provider_->Observe(&inventory));
    return inventory;
  }

  FakeOs os_;
  std::unique_ptr<HostProvider> provider_;
  pb::StepReport report_;
};

TEST_F(NginxProviderTest, ServesWhatItRoutes) {
  Content("a");
  ASSERT_OK(Route(1, {{"a", Conf("a")}, {"b", Conf("b")}}));
  EXPECT_EQ(Get("a.example"), "200 a");
  EXPECT_EQ(Get("b.example"), "404 ");
  EXPECT_EQ(Get("unknown.example"), "421 ");
  const pb::Inventory inventory = Look();
  ASSERT_EQ(inventory.sites_size(), 2);
  EXPECT_EQ(inventory.sites(0).name(), "a");
  EXPECT_EQ(inventory.sites(0).file().owner(), "0a1b2c3d");
  EXPECT_TRUE(inventory.sites(0).file().intact());
  EXPECT_EQ(inventory.sites(0).file().path(), "/etc/nginx/reeve/gen-1/a.conf");
  EXPECT_TRUE(inventory.nginx().installed());
  EXPECT_TRUE(inventory.nginx().hooked());
  EXPECT_TRUE(inventory.nginx().active());
  EXPECT_EQ(inventory.nginx().generation(), 1);
  EXPECT_EQ(inventory.nginx().newest(), 1);
  EXPECT_EQ(inventory.nginx().version(), "1.22.1");
}

TEST_F(NginxProviderTest, ManyChangesAreOneReload) {
  std::map<std::string, std::string> sites;
  for (int i = 0; i < 10; ++i) sites[fmt::format("s{}", i)] = Conf(fmt::format("s{}", i));
  const auto before = os_.counters();
  ASSERT_OK(Route(1, sites));
  EXPECT_EQ(os_.counters().nginx_reloads - before.nginx_reloads, 1);
  EXPECT_EQ(os_.counters().nginx_tests - before.nginx_tests, 1);
}

TEST_F(NginxProviderTest, NothingNewIsNoGenerationAndNoReload) {
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  const std::string before = os_.Dump();
  const auto counters = os_.counters();
  ASSERT_OK(Route(2, {{"a", Conf("a")}}));
  EXPECT_EQ(os_.Dump(), before);
  EXPECT_EQ(os_.counters().nginx_reloads, counters.nginx_reloads);
}

TEST_F(NginxProviderTest, ABadSiteHurtsNobodyElse) {
  Content("a");
  Content("b");
  ASSERT_OK(Route(1, {{"a", Conf("a")}, {"b", Conf("b")}}));
  ASSERT_OK(
      Route(2, {{"a", WithMark("0a1b2c3d", "bogus;\n")}, {"b", Conf("b")}, {"c", Conf("c", 81)}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_EQ(report_.quarantined(0).site(), "a");
  EXPECT_THAT(report_.quarantined(0).error(),
              HasSubstr("unknown directive \"bogus\" in /etc/nginx/reeve/current/a.conf:2"));
  EXPECT_EQ(Get("a.example"), "200 a");
  EXPECT_EQ(Get("b.example"), "200 b");
  EXPECT_EQ(Get("c.example", 81), "404 ");
}

TEST_F(NginxProviderTest, ANameHasOneOwner) {
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  std::string thief = Conf("a");
  ASSERT_OK(Route(2, {{"a", Conf("a")}, {"thief", thief}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_EQ(report_.quarantined(0).site(), "thief");
  EXPECT_THAT(report_.quarantined(0).error(), HasSubstr("conflicting server name \"a.example\""));
}

TEST_F(NginxProviderTest, AForeignServerWithOurNameHoldsItBack) {
  os_.WriteFile("/etc/nginx/conf.d/theirs.conf",
                "server { listen 80; server_name a.example; return 200 theirs; }\n");
  ASSERT_OK(Route(1, {{"a", Conf("a")}, {"b", Conf("b")}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_EQ(report_.quarantined(0).site(), "a");
}

TEST_F(NginxProviderTest, ABrokenForeignFileChangesNothing) {
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  os_.WriteFile("/etc/nginx/conf.d/theirs.conf", "oops;\n");
  const std::string before = os_.Dump();
  const pb::Step stage = Stage(2, {{"a", Conf("a")}, {"b", Conf("b")}});
  const pb::Receipt receipt = *provider_->Prepare(stage);
  EXPECT_THAT(provider_->Do(stage, receipt, &report_),
              IsError(StatusCode::kFailedPrecondition,
                      "unknown directive \"oops\" in /etc/nginx/conf.d/theirs.conf:1"));
  ASSERT_OK(provider_->Undo(stage, receipt));
  EXPECT_EQ(os_.Dump(), before);
}

TEST_F(NginxProviderTest, AForeignDefaultServerIsTold) {
  os_.WriteFile("/etc/nginx/sites-enabled/default",
                "server { listen 80 default_server; return 200 x; }\n");
  EXPECT_THAT(Route(1, {{"a", Conf("a")}}), IsOk());
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_THAT(
      report_.quarantined(0).error(),
      HasSubstr("duplicate default server for 0.0.0.0:80 in /etc/nginx/sites-enabled/default:1"));
}

TEST_F(NginxProviderTest, ABusyPortIsToldWithItsHolder) {
  os_.HoldPort(81, "python3");
  ASSERT_OK(Route(1, {{"a", Conf("a")}, {"b", Conf("b", 81)}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_EQ(report_.quarantined(0).error(), "port 81 is held by python3 (pid 4242)");
  EXPECT_EQ(Get("a.example"), "404 ");
}

TEST_F(NginxProviderTest, KeepsWhatIsNotItsOwn) {
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  os_.WriteFile("/etc/nginx/reeve/gen-1/theirs.conf", "server { listen 82; return 200 theirs; }\n");
  os_.WriteFile("/etc/nginx/reeve/gen-1/notes.txt", "n");
  ASSERT_OK(Route(2, {{"b", Conf("b")}}, {"theirs"}));
  EXPECT_EQ(Get("x", 82), "200 theirs");
  EXPECT_EQ(os_.ReadFile("/etc/nginx/reeve/current/notes.txt"), "n");
  EXPECT_EQ(os_.ReadFile("/etc/nginx/reeve/current/a.conf"), std::nullopt);
}

TEST_F(NginxProviderTest, BelievesNoReloadUntilItIsProved) {
  os_.systemd().SetReloadLag(5);
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  EXPECT_EQ(Get("unknown"), "421 ");
}

// The port is taken between the look and the reload: nginx says nothing and serves on as before.
TEST_F(NginxProviderTest, AReloadThatDidNotTakeIsUndone) {
  Content("a");
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  const std::string before = os_.Dump();
  const pb::Step stage = Stage(2, {{"a", Conf("a")}, {"b", Conf("b", 81)}});
  const pb::Receipt staged = *provider_->Prepare(stage);
  ASSERT_OK(provider_->Do(stage, staged, &report_));
  os_.HoldPort(81, "python3");
  const pb::Receipt receipt = *provider_->Prepare(Switch(2));
  EXPECT_THAT(provider_->Do(Switch(2), receipt, &report_),
              IsError(StatusCode::kDeadlineExceeded, "does not serve generation 2"));
  ASSERT_OK(provider_->Undo(Switch(2), receipt));
  ASSERT_OK(provider_->Undo(stage, staged));
  os_.ReleasePort(81);
  EXPECT_EQ(os_.Dump(), before);
  EXPECT_EQ(Get("a.example"), "200 a");
}

TEST_F(NginxProviderTest, AKilledNginxComesBackWithAllSites) {
  Content("a");
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  os_.KillNginx();
  EXPECT_EQ(Get("a.example"), "200 a");
}

// Pushed along by mistake, and never shown.
TEST_F(NginxProviderTest, HiddenFilesAreNotServed) {
  Content("a");
  for (const char* path : {".env", ".git/config", "x/.b/c", ".well-known/proof"})
    os_.WriteFile(fmt::format("/srv/reeve/dir-a/current/{}", path), "told");
  ASSERT_OK(Route(1, {{"a", Conf("a")}}));
  const auto get = [&](const std::string& path) {
    return os_.net()->HttpGet({.port = 80, .host = "a.example", .path = path})->status;
  };
  for (const char* path : {"/.env", "/.git/config", "/x/.b/c"}) EXPECT_EQ(get(path), 404) << path;
  EXPECT_EQ(get("/.well-known/proof"), 200);
  EXPECT_EQ(get("/"), 200);
}

TEST_F(NginxProviderTest, NginxGoneIsNoSuccess) {
  os_.systemd().Stop("nginx.service").IgnoreError();
  EXPECT_THAT(provider_->Prepare(Stage(1, {})),
              IsError(StatusCode::kFailedPrecondition, "systemctl start nginx"));
  os_.UninstallNginx();
  EXPECT_THAT(provider_->Prepare(Stage(1, {})),
              IsError(StatusCode::kFailedPrecondition, "not installed"));
  EXPECT_FALSE(Look().nginx().installed());
}

TEST_F(NginxProviderTest, KeepsThreeGenerations) {
  for (int64_t n = 1; n <= 6; ++n) ASSERT_OK(Route(n, {{"a", Conf(fmt::format("a{}", n))}}));
  EXPECT_EQ(os_.ReadFile("/etc/nginx/reeve/gen-3/a.conf"), std::nullopt);
  EXPECT_NE(os_.ReadFile("/etc/nginx/reeve/gen-4/a.conf"), std::nullopt);
}

TEST(NginxSetupTest, IsIdempotent) {
  FakeOs os;
  ASSERT_OK(Prepare(HostOf(&os), false));
  const std::string once = os.Dump();
  const int64_t mutations = os.mutations();
  ASSERT_OK(Prepare(HostOf(&os), false));
  EXPECT_EQ(os.Dump(), once);
  EXPECT_EQ(os.mutations(), mutations);
  EXPECT_THAT(*os.ReadFile("/etc/nginx/conf.d/zz-reeve.conf"),
              HasSubstr("server_names_hash_bucket_size 512;"));
}

TEST(NginxSetupTest, LeavesTheBucketSizeToWhoSetIt) {
  FakeOs os;
  os.WriteFile("/etc/nginx/conf.d/own.conf", "server_names_hash_bucket_size 128;\n");
  ASSERT_OK(Prepare(HostOf(&os), false));
  EXPECT_THAT(*os.ReadFile("/etc/nginx/conf.d/zz-reeve.conf"),
              ::testing::Not(HasSubstr("bucket_size")));
}

TEST(NginxSetupTest, RefusesDebiansDefaultSiteUnlessTold) {
  FakeOs os;
  os.WriteFile("/etc/nginx/sites-available/default", "server { listen 80 default_server; }\n");
  os.tree().Link("/etc/nginx/sites-available/default", "/etc/nginx/sites-enabled/default");
  const std::string before = os.Dump();
  EXPECT_THAT(Prepare(HostOf(&os), false),
              IsError(StatusCode::kFailedPrecondition, "rm /etc/nginx/sites-enabled/default"));
  EXPECT_EQ(os.Dump(), before);
  ASSERT_OK(Prepare(HostOf(&os), true));
  EXPECT_EQ(os.ReadFile("/etc/nginx/sites-enabled/default"), std::nullopt);
  EXPECT_EQ(*os.ReadFile("/var/lib/reeve-agent/disabled-distro-default"),
            "/etc/nginx/sites-enabled/default -> /etc/nginx/sites-available/default\n");
}

TEST(NginxSetupTest, NeverOverwritesAForeignHook) {
  FakeOs os;
  os.WriteFile("/etc/nginx/conf.d/zz-reeve.conf", "# mine\n");
  EXPECT_THAT(Prepare(HostOf(&os), false),
              IsError(StatusCode::kFailedPrecondition, "not made by Reeve"));
  EXPECT_EQ(*os.ReadFile("/etc/nginx/conf.d/zz-reeve.conf"), "# mine\n");
}

TEST(NginxSetupTest, SaysWhenNginxIsMissing) {
  FakeOs os;
  os.UninstallNginx();
  EXPECT_THAT(Prepare(HostOf(&os), false),
              IsError(StatusCode::kFailedPrecondition, "apt-get install"));
}

}  // namespace
}  // namespace reeve::agents::nginx
