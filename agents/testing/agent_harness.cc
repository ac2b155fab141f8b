#include "agents/testing/agent_harness.h"

#include <fmt/format.h>

#include <utility>

#include "agents/nginx/setup.h"
#include "agents/providers.h"
#include "base/log.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr char kNamespace[] = "default";
constexpr char kHostName[] = "h1";
constexpr int kUserFirst = 30000;
constexpr int kPortFirst = 20000;
constexpr absl::Duration kStep = absl::Seconds(1);
constexpr absl::Duration kSweep = absl::Seconds(5);
// Longer than any back-off of a test, and than a TCP probe must hold.
constexpr int kQuietSteps = 8;
constexpr int kSettleSteps = 300;

v1::Artifact* AddArtifact(v1::Work* work, const std::string& id) {
  v1::Artifact* artifact = work->mutable_spec()->add_artifacts();
  artifact->set_id(id);
  return artifact;
}

v1::Work NewWork(const std::string& name) {
  v1::Work work;
  work.mutable_metadata()->set_namespace_(kNamespace);
  work.mutable_metadata()->set_name(name);
  work.mutable_metadata()->add_finalizers("reeve/host");
  work.mutable_spec()->set_host(kHostName);
  return work;
}

}  // namespace

AgentHarness::AgentHarness() {
  InitLog("test", LogFormat::kText, LogLevel::kError);
  blob1 = content.Add({{.path = "server", .content = "#!1", .mode = 0755}});
  blob2 = content.Add({{.path = "server", .content = "#!2", .mode = 0755}});
  const Host host = {.files = os.files(), .exec = os.exec(), .bus = os.bus(), .net = os.net()};
  CHECK(nginx::Prepare(host, false).ok(), "an ordinary host can be joined");
  v1::Object object;
  object.mutable_host()->mutable_metadata()->set_name(kHostName);
  api.MustCreate(object);
}

bool AgentHarness::Start() {
  core_.reset();
  const Host host = {.files = os.files(),
                     .exec = os.exec(),
                     .bus = os.bus(),
                     .net = os.net(),
                     .content = &content};
  AgentCore::Options options = {
      .host = kHostName, .address = "10.0.0.1", .version = "test", .sweep = kSweep};
  AgentCore::Deps deps = {.client = &api,
                          .host = host,
                          .providers = NewProviders(host),
                          .renderers = NewRenderers(host.paths)};
  auto core = AgentCore::Start(std::move(options), std::move(deps), clock.Read());
  if (core.ok()) core_ = *std::move(core);
  return core_ != nullptr;
}

void AgentHarness::RunFor(absl::Duration time, absl::Duration step) {
  for (absl::Duration passed = absl::ZeroDuration(); passed < time; passed += step) {
    if (core_ != nullptr) core_->Sync(clock.Read());
    if (core_ != nullptr) core_->ProcessOne(clock.Read());
    clock.Advance(step);
  }
}

void AgentHarness::Settle() {
  if (core_ == nullptr) CHECK(Start(), "the agent starts");
  int quiet = 0;
  for (int i = 0; i < kSettleSteps && quiet < kQuietSteps; ++i) {
    const int64_t mutations = os.mutations();
    const int writes = api.writes();
    RunFor(kStep);
    quiet = mutations == os.mutations() && writes == api.writes() ? quiet + 1 : 0;
  }
}

v1::Work AgentHarness::ProcessWork(const std::string& name, int port,
                                   const std::string& blob) const {
  v1::Work work = NewWork(name);
  auto* user = AddArtifact(&work, "user")->mutable_user();
  user->set_name("reeve-site-" + name);
  user->set_uid(kUserFirst + port - kPortFirst);
  auto* unpack = AddArtifact(&work, "content")->mutable_unpack();
  unpack->set_dir("reeve-instance-" + name);
  unpack->set_blob(blob);
  auto* unit = AddArtifact(&work, "unit")->mutable_unit();
  unit->set_name("reeve-instance-" + name);
  unit->set_dir("reeve-instance-" + name);
  unit->set_user("reeve-site-" + name);
  unit->add_command("server");
  unit->set_port(port);
  unit->set_blob(blob);
  auto* probe = AddArtifact(&work, "probe")->mutable_probe();
  probe->set_port(port);
  probe->mutable_check()->mutable_start_period()->set_seconds(10);
  return work;
}

v1::Work AgentHarness::RouteWork(const std::string& name, const std::string& hostname,
                                 int port) const {
  v1::Work work = NewWork(name + "-route");
  auto* site = AddArtifact(&work, "route")->mutable_nginx_site();
  site->set_name("reeve-domain-" + name);
  site->add_server_names(hostname);
  site->set_listen_port(80);
  site->mutable_upstream()->set_port(port);
  return work;
}

void AgentHarness::Apply(const v1::Work& work) {
  const ObjectKey key = {"Work", kNamespace, work.metadata().name()};
  if (!api.objects().contains(key)) {
    v1::Object object;
    *object.mutable_work() = work;
    api.MustCreate(object);
    return;
  }
  api.Edit<v1::Work>(kNamespace, key.name,
                     [&](v1::Work* known) { *known->mutable_spec() = work.spec(); });
}

v1::Work AgentHarness::GetWork(const std::string& name) {
  const auto object = api.Get({"Work", kNamespace, name});
  return object.ok() ? object->work() : v1::Work();
}

std::vector<std::string> AgentHarness::EventTexts() const {
  std::vector<std::string> texts;
  for (const auto& [key, object] : api.objects()) {
    if (object.has_event())
      texts.push_back(
          fmt::format("{}: {}", object.event().spec().reason(), object.event().spec().message()));
  }
  return texts;
}

std::string AgentHarness::HostText() {
  std::string text;
  for (const std::string& line : Split(os.Dump(), '\n')) {
    if (line.find("/var/lib/reeve-agent") == std::string::npos) text += line + "\n";
  }
  return text;
}

int AgentHarness::Visit(const std::string& hostname) {
  const auto answer = os.Http({.port = 80, .host = hostname});
  return answer.ok() ? answer->status : 0;
}

}  // namespace reeve::agents
