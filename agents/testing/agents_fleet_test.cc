// The real seams and providers on a real host: systemd as process 1, D-Bus, nginx. It changes the
// host it runs on, so it runs only where the file /run/reeve-fleet-host says that the host is there
// for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agents/mark.h"
#include "agents/nginx/nginx_provider.h"
#include "agents/nginx/setup.h"
#include "agents/nginx/site_file.h"
#include "agents/systemd/systemd_provider.h"
#include "agents/systemd/unit_file.h"
#include "agents/testing/provider_conformance.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

constexpr auto kName = "reeve-fleet-test-0a1b2c3d";
constexpr auto kUnit = "reeve-fleet-test-0a1b2c3d.service";
constexpr auto kContent = "/srv/reeve/reeve-fleet-test-0a1b2c3d";

class FleetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access("/run/reeve-fleet-host", F_OK) != 0) GTEST_SKIP() << "not a host of the fleet";
    host_ = {.files = files_.get(), .exec = exec_.get(), .bus = bus_.get(), .net = net_.get()};
    std::filesystem::create_directories(std::string(kContent) + "/current/bin");
    std::filesystem::copy_file("/bin/sleep", std::string(kContent) + "/current/bin/app",
                               std::filesystem::copy_options::overwrite_existing);
    std::ofstream(std::string(kContent) + "/current/index.html") << "hello";
  }

  const std::unique_ptr<Files> files_ = NewRealFiles();
  const std::unique_ptr<Exec> exec_ = NewRealExec();
  const std::unique_ptr<Bus> bus_ = NewSystemBus();
  const std::unique_ptr<Net> net_ = NewRealNet();
  Host host_;
};

TEST_F(FleetTest, BusTellsAboutUnits) {
  EXPECT_THAT(*bus_->ManagerVersion(), HasSubstr("252"));
  EXPECT_EQ(bus_->GetUnit("reeve-none.service")->load_state, "not-found");
  EXPECT_OK(bus_->StopUnit("reeve-none.service"));
  EXPECT_OK(bus_->ResetFailed("reeve-none.service"));
  EXPECT_THAT(bus_->StartUnit("reeve-none.service"), IsError(StatusCode::kNotFound, "not found"));
  EXPECT_EQ(bus_->GetUnit("nginx.service")->active_state, "active");
}

TEST_F(FleetTest, TransientRunsSeeTheirMounts) {
  const std::string dir = "/srv/reeve/transient";
  std::filesystem::create_directories(dir);
  ASSERT_OK_AND_ASSIGN(
      const TransientResult bad,
      bus_->RunTransient({.name = "reeve-fleet-transient", .argv = {"/bin/ls", "/none-such"}}));
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.output, HasSubstr("/none-such"));
  std::ofstream(dir + "/seen") << "x";
  ASSERT_OK_AND_ASSIGN(const TransientResult good,
                       bus_->RunTransient({.name = "reeve-fleet-transient",
                                           .argv = {"/bin/ls", "/mnt/seen"},
                                           .bind_read_only = {{dir, "/mnt"}},
                                           .temporary_file_systems = {"/run"}}));
  EXPECT_EQ(good.exit_code, 0) << good.output;
  EXPECT_THAT(bus_->RunTransient({.name = "reeve-fleet-transient",
                                  .argv = {"/bin/true"},
                                  .bind_read_only = {{"/none-such", "/mnt"}}}),
              IsError(StatusCode::kFailedPrecondition, "226"));
  EXPECT_THAT(bus_->RunTransient({.name = "reeve-fleet-transient",
                                  .argv = {"/bin/sleep", "1000"},
                                  .timeout = absl::Seconds(1)}),
              IsError(StatusCode::kDeadlineExceeded, "stalled"));
  EXPECT_EQ(bus_->GetUnit("reeve-fleet-transient.service")->load_state, "not-found");
  std::filesystem::remove_all(dir);
}

pb::Step WriteUnit(const std::string& program, const std::string& blob) {
  v1::Artifact::Unit unit;
  unit.set_name(kName);
  unit.set_dir(kName);
  unit.set_user("www-data");
  unit.add_command(program);
  unit.add_command("1000");
  unit.set_port(20099);
  unit.set_blob(blob);
  unit.mutable_resources()->set_tasks_max(32);
  const HostPaths paths;
  pb::Step step;
  step.mutable_write_unit()->set_name(kName);
  const auto text = systemd::RenderUnit({.unit = &unit, .owner = "0a1b2c3d", .paths = &paths});
  CHECK(text.ok(), text.status().ToString());
  step.mutable_write_unit()->set_content(*text);
  return step;
}

pb::Step RunUnit(bool restart) {
  pb::Step step;
  step.mutable_run_unit()->set_name(kName);
  step.mutable_run_unit()->set_restart(restart);
  return step;
}

std::vector<pb::Step> TakeDown() {
  std::vector<pb::Step> steps(3);
  steps[0].mutable_stop_unit()->set_name(kName);
  steps[1].mutable_remove_unit()->set_name(kName);
  steps[2].mutable_daemon_reload();
  return steps;
}

pb::Step DaemonReload() {
  pb::Step step;
  step.mutable_daemon_reload();
  return step;
}

TEST_F(FleetTest, UnitsRunInTheirSandboxAndGoAway) {
  const auto provider = systemd::NewSystemdProvider(host_);
  ASSERT_OK(RunSteps(*provider, {WriteUnit("bin/app", "one"), DaemonReload(), RunUnit(false)}));
  ASSERT_OK_AND_ASSIGN(const UnitState first, bus_->GetUnit(kUnit));
  EXPECT_EQ(first.active_state, "active");
  EXPECT_TRUE(first.enabled);
  EXPECT_FALSE(first.need_daemon_reload);
  ASSERT_OK(RunSteps(*provider, {RunUnit(false)}));
  EXPECT_EQ(bus_->GetUnit(kUnit)->invocation_id, first.invocation_id);
  pb::Inventory inventory;
  ASSERT_OK(provider->Observe(&inventory));
  ASSERT_GE(inventory.units_size(), 1);

  // An update that is undone: the old file, and running again.
  const pb::Step update = WriteUnit("bin/none", "two");
  const pb::Receipt written = *provider->Prepare(update);
  pb::StepReport report;
  ASSERT_OK(provider->Do(update, written, &report));
  ASSERT_OK(bus_->DaemonReload());
  const pb::Receipt ran = *provider->Prepare(RunUnit(true));
  EXPECT_THAT(provider->Do(RunUnit(true), ran, &report),
              IsError(StatusCode::kFailedPrecondition, "203"));
  ASSERT_OK(provider->Undo(RunUnit(true), ran));
  ASSERT_OK(provider->Undo(update, written));
  EXPECT_EQ(bus_->GetUnit(kUnit)->active_state, "active");
  EXPECT_FALSE(bus_->GetUnit(kUnit)->need_daemon_reload);

  ASSERT_OK(RunSteps(*provider, TakeDown()));
  ASSERT_OK(RunSteps(*provider, TakeDown()));
  EXPECT_EQ(bus_->GetUnit(kUnit)->load_state, "not-found");
}

std::string SiteConf(const std::string& name) {
  v1::Artifact::NginxSite site;
  site.set_name(name);
  site.add_server_names(name + ".fleet.example");
  site.set_listen_port(80);
  site.mutable_files()->set_dir(kName);
  const HostPaths paths;
  return *nginx::RenderSite({.site = &site, .owner = "0a1b2c3d", .paths = &paths});
}

class FleetNginxTest : public FleetTest {
 protected:
  void SetUp() override {
    FleetTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_OK(nginx::Prepare(host_, false));
    provider_ = nginx::NewNginxProvider(host_);
  }

  void TearDown() override {
    if (provider_ == nullptr) return;
    EXPECT_OK(Route({}));
  }

  int64_t Newest() {
    pb::Inventory inventory;
    EXPECT_OK(provider_->Observe(&inventory));
    EXPECT_TRUE(inventory.nginx().hooked());
    return inventory.nginx().newest();
  }

  absl::Status Route(const std::map<std::string, std::string>& sites) {
    pb::Step stage, change;
    stage.mutable_stage_sites()->set_generation(Newest() + 1);
    change.mutable_switch_sites()->set_generation(Newest() + 1);
    for (const auto& [name, content] : sites) {
      auto* site = stage.mutable_stage_sites()->add_sites();
      site->set_name(name);
      site->set_content(content);
    }
    report_.Clear();
    return RunSteps(*provider_, {stage, change}, &report_);
  }

  std::string Get(const std::string& host) {
    const auto answer = net_->HttpGet({.port = 80, .host = host});
    return answer.ok() ? fmt::format("{} {}", answer->status, answer->body.substr(0, 5))
                       : answer.status().ToString();
  }

  // Who may be in nginx's way.
  std::string Listening() {
    const auto listeners = net_->Listeners();
    if (!listeners.ok()) return listeners.status().ToString();
    std::string text;
    for (const TcpListener& listener : *listeners)
      text += fmt::format("\n{}:{} {} (pid {})", listener.address, listener.port, listener.process,
                          listener.pid);
    return text;
  }

  std::unique_ptr<HostProvider> provider_;
  pb::StepReport report_;
};

TEST_F(FleetNginxTest, RoutesAndHoldsBackTheBadSite) {
  ASSERT_OK(Route({{"a", SiteConf("a")}}));
  EXPECT_EQ(Get("a.fleet.example"), "200 hello");
  EXPECT_THAT(Get("unknown.example"), HasSubstr("421 "));
  ASSERT_OK(Route({{"a", WithMark("0a1b2c3d", "bogus;\n")}, {"b", SiteConf("b")}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_THAT(report_.quarantined(0).error(), HasSubstr("unknown directive \"bogus\""));
  EXPECT_EQ(Get("a.fleet.example"), "200 hello");
  EXPECT_EQ(Get("b.fleet.example"), "200 hello");
  ASSERT_OK(Route({{"a", SiteConf("a")}, {"thief", SiteConf("a")}}));
  ASSERT_EQ(report_.quarantined_size(), 1);
  EXPECT_EQ(report_.quarantined(0).site(), "thief");
}

TEST_F(FleetNginxTest, ServesAgainAfterKill9) {
  ASSERT_OK(Route({{"a", SiteConf("a")}}));
  const uint32_t restarts = bus_->GetUnit("nginx.service")->restarts;
  ASSERT_OK(bus_->KillUnit("nginx.service", SIGKILL));
  // Orphaned workers answer for a while: first the unit, then the answer.
  const absl::Duration deadline = RealClock()->Read().mono + absl::Seconds(20);
  UnitState state;
  do {
    state = *bus_->GetUnit("nginx.service");
    ASSERT_LT(RealClock()->Read().mono, deadline)
        << state.active_state << " (" << state.sub_state << "), result " << state.result
        << ", restarts " << restarts << " then " << state.restarts << Listening();
  } while (state.restarts == restarts || state.active_state != "active");
  EXPECT_OK(net_->HttpAwait({.port = 80, .host = "a.fleet.example"}, "hello", absl::Seconds(20)));
}

}  // namespace
}  // namespace reeve::agents
