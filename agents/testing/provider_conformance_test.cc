#include "agents/testing/provider_conformance.h"

#include "agents/files/files_provider.h"
#include "agents/mark.h"
#include "agents/nginx/nginx_provider.h"
#include "agents/nginx/setup.h"
#include "agents/systemd/systemd_provider.h"
#include "agents/testing/fake_content.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {
namespace {

constexpr auto kUid = "0a1b2c3d";
constexpr auto kDir = "reeve-site-blog-0a1b2c3d";
constexpr auto kUnitName = "reeve-inst-blog-0a1b2c3d";

// Lives as long as the process: the cases point at it.
FakeContent& Blobs() {
  static auto* content = new FakeContent;
  return *content;
}

std::string BlobA() {
  return Blobs().Add(
      {{"index.html", "a"}, {"bin/app", "#!", 0755}, {"deep/er/f", std::string(5000, 'x')}});
}
std::string BlobB() { return Blobs().Add({{"index.html", "b"}, {"bin/app", "#!", 0755}}); }

pb::Step Unpack(const std::string& blob) {
  pb::Step step;
  step.mutable_unpack_release()->set_owner(kUid);
  step.mutable_unpack_release()->set_dir(kDir);
  step.mutable_unpack_release()->set_namespace_("default");
  step.mutable_unpack_release()->set_blob(blob);
  return step;
}

pb::Step SwitchTo(const std::string& blob) {
  pb::Step step;
  step.mutable_switch_release()->set_dir(kDir);
  step.mutable_switch_release()->set_blob(blob);
  return step;
}

pb::Step Prune(const std::string& keep) {
  pb::Step step;
  step.mutable_prune_releases()->set_dir(kDir);
  step.mutable_prune_releases()->add_keep(keep);
  return step;
}

pb::Step RemoveContent() {
  pb::Step step;
  step.mutable_remove_content()->set_dir(kDir);
  return step;
}

pb::Step WriteUnit(int port) {
  pb::Step step;
  step.mutable_write_unit()->set_name(kUnitName);
  step.mutable_write_unit()->set_content(WithMark(
      kUid, fmt::format("[Service]\nExecStart=\"/srv/app\"\nEnvironment=\"PORT={}\"\n", port)));
  return step;
}

pb::Step RunUnit(bool restart) {
  pb::Step step;
  step.mutable_run_unit()->set_name(kUnitName);
  step.mutable_run_unit()->set_restart(restart);
  return step;
}

pb::Step DaemonReload() {
  pb::Step step;
  step.mutable_daemon_reload();
  return step;
}

pb::Step StopUnit() {
  pb::Step step;
  step.mutable_stop_unit()->set_name(kUnitName);
  return step;
}

pb::Step RemoveUnit() {
  pb::Step step;
  step.mutable_remove_unit()->set_name(kUnitName);
  return step;
}

std::string SiteConf(const std::string& name, int port) {
  return WithMark(kUid,
                  fmt::format("server {{\n    listen {};\n    server_name {};\n    location / {{\n"
                              "        return 200 {};\n    }}\n}}\n",
                              port, name, name));
}

pb::Step Stage(int64_t generation, const std::vector<std::string>& names) {
  pb::Step step;
  step.mutable_stage_sites()->set_generation(generation);
  for (const std::string& name : names) {
    pb::Step::SiteFile* site = step.mutable_stage_sites()->add_sites();
    site->set_name(name);
    site->set_content(SiteConf(name + ".example", 80));
  }
  return step;
}

pb::Step SwitchSites(int64_t generation) {
  pb::Step step;
  step.mutable_switch_sites()->set_generation(generation);
  return step;
}

std::unique_ptr<HostProvider> MakeFiles(FakeOs* os) {
  return files::NewFilesProvider(HostOf(os, &Blobs()));
}
std::unique_ptr<HostProvider> MakeSystemd(FakeOs* os) {
  return systemd::NewSystemdProvider(HostOf(os));
}
std::unique_ptr<HostProvider> MakeNginx(FakeOs* os) { return nginx::NewNginxProvider(HostOf(os)); }

void RunOrDie(HostProvider& provider, const std::vector<pb::Step>& steps) {
  const absl::Status status = RunSteps(provider, steps);
  CHECK(status.ok(), status.ToString());
}

void HasBlobA(FakeOs* os) { RunOrDie(*MakeFiles(os), {Unpack(BlobA()), SwitchTo(BlobA())}); }
void HasBoth(FakeOs* os) {
  HasBlobA(os);
  RunOrDie(*MakeFiles(os), {Unpack(BlobB()), SwitchTo(BlobB())});
}
void HasProgram(FakeOs* os) { os->WriteFile("/srv/app", "", 0755); }
void HasUnit(FakeOs* os) {
  HasProgram(os);
  RunOrDie(*MakeSystemd(os), {WriteUnit(8000), DaemonReload(), RunUnit(false)});
}
void Joined(FakeOs* os) {
  const absl::Status status = nginx::Prepare(HostOf(os), false);
  CHECK(status.ok(), status.ToString());
}
void HasSites(FakeOs* os) {
  Joined(os);
  RunOrDie(*MakeNginx(os), {Stage(1, {"a", "b"}), SwitchSites(1)});
}

INSTANTIATE_TEST_SUITE_P(
    Providers, ProviderConformance,
    ::testing::Values(
        ProviderCase{"FilesFirst", MakeFiles, nullptr, {Unpack(BlobA()), SwitchTo(BlobA())}},
        ProviderCase{"FilesUpdate", MakeFiles, HasBlobA, {Unpack(BlobB()), SwitchTo(BlobB())}},
        ProviderCase{"FilesPrune", MakeFiles, HasBoth, {Prune(BlobB())}, true},
        ProviderCase{"FilesRemove", MakeFiles, HasBoth, {RemoveContent()}, true},
        ProviderCase{"UnitFirst",
                     MakeSystemd,
                     HasProgram,
                     {WriteUnit(8000), DaemonReload(), RunUnit(false)}},
        ProviderCase{
            "UnitUpdate", MakeSystemd, HasUnit, {WriteUnit(8001), DaemonReload(), RunUnit(true)}},
        ProviderCase{
            "UnitRemove", MakeSystemd, HasUnit, {StopUnit(), RemoveUnit(), DaemonReload()}, true},
        ProviderCase{"SitesFirst", MakeNginx, Joined, {Stage(1, {"a", "b"}), SwitchSites(1)}},
        ProviderCase{"SitesUpdate", MakeNginx, HasSites, {Stage(2, {"b", "c"}), SwitchSites(2)}}),
    CaseName);

}  // namespace
}  // namespace reeve::agents
