// reeve-agent: `join` makes this machine a host, `run` keeps it as its Works say.
#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "agents/agent.h"
#include "agents/heartbeat.h"
#include "agents/identity.h"
#include "agents/join.h"
#include "agents/providers.h"
#include "agents/thread_probes.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/status.h"
#include "client/grpc_client.h"
#include "client/http_probe_server.h"

namespace reeve::agents {
namespace {

// The loop comes round at least this often, whatever the core says.
constexpr absl::Duration kWaitMax = absl::Seconds(10);
// So many probes may hang before others wait for them.
constexpr int kProbeThreads = 8;

struct Flags {
  HostPaths paths;
  JoinOptions join;
  int sweep_seconds = 60;
  std::string http_listen = "127.0.0.1:7481";
  bool debug = false;
  bool json = false;
};

// The host's seams; they live as long as the program.
struct Seams {
  std::unique_ptr<Files> files = NewRealFiles();
  std::unique_ptr<Exec> exec = NewRealExec();
  std::unique_ptr<Bus> bus = NewSystemBus();
  std::unique_ptr<Net> net = NewRealNet();

  Host ToHost(const HostPaths& paths) const {
    return {.files = files.get(),
            .exec = exec.get(),
            .bus = bus.get(),
            .net = net.get(),
            .paths = paths};
  }
};

absl::Status RunJoin(const Flags& flags) {
  const Seams seams;
  ASSIGN_OR_RETURN(const std::string name, Join(flags.join, seams.ToHost(flags.paths)));
  fmt::print("host/{} joined\n", name);
  fmt::print("Now start the agent: systemctl enable --now reeve-agent\n");
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<client::Api>> Connect(const Identity& identity) {
  client::GrpcOptions options;
  options.endpoint = identity.config.api_endpoint();
  options.ca_pem = identity.ca_pem;
  options.cert_pem = identity.cert_pem;
  options.key_pem = identity.key_pem;
  return client::NewGrpcClient(options);
}

// What other threads may know of the loop.
struct LoopState {
  std::atomic<bool> stop = false;
  std::atomic<bool> synced = false;
};

void Loop(AgentCore* core, Notification* wake, LoopState* state) {
  while (!state->stop) {
    core->Sync(RealClock()->Read());
    core->ProcessOne(RealClock()->Read());
    state->synced = core->synced();
    wake->WaitFor(std::min(core->NextWake(RealClock()->Read()), kWaitMax));
  }
}

absl::Status CheckSynced(const LoopState* state) {
  if (state->synced) return absl::OkStatus();
  return Unavailable("this host's Works were not seen since the start");
}

// Its own loop: a long apply must not make the host look dead.
void Beat(Heartbeat* heartbeat, Notification* wake, const LoopState* state) {
  while (!state->stop) wake->WaitFor(heartbeat->ProcessOne(RealClock()->Read()));
}

// Until a signal comes.
void RunThreads(AgentCore* core, Heartbeat* heartbeat, Notification* wake, LoopState* state) {
  Notification beat;
  const Thread core_thread("agent", [&] { Loop(core, wake, state); });
  const Thread beat_thread("heartbeat", [&] { Beat(heartbeat, &beat, state); });
  WaitForSignal();
  state->stop = true;
  wake->Notify();
  beat.Notify();
}

// nullptr when somebody else listens there: no reason to leave the host to itself.
std::unique_ptr<client::HttpProbeServer> ServeProbes(const std::string& listen,
                                                     const LoopState* state) {
  auto probes = client::HttpProbeServer::Start(
      listen, {{.name = "works", .check = [state] { return CheckSynced(state); }}});
  if (probes.ok()) return *std::move(probes);
  Log(LogLevel::kError, "metrics and probes are not served",
      {{"status", probes.status().ToString()}});
  return nullptr;
}

absl::StatusOr<Identity> ReadIdentity(Files* files, const std::string& dir) {
  const auto state = files->Open(dir);
  if (!state.ok())
    return Annotate(state.status(), "this machine has not joined (reeve-agent join)");
  return LoadIdentity(**state);
}

absl::Status RunAgent(const Flags& flags) {
  BlockSignals();
  const Seams seams;
  Host host = seams.ToHost(flags.paths);
  ASSIGN_OR_RETURN(const Identity identity, ReadIdentity(host.files, flags.paths.state));
  ASSIGN_OR_RETURN(const std::unique_ptr<client::Api> api, Connect(identity));
  host.content = api.get();

  LoopState state;
  Notification wake;
  AgentCore::Options options = {.host = identity.config.host(),
                                .address = identity.config.address(),
                                .version = REEVE_VERSION,
                                .sweep = absl::Seconds(flags.sweep_seconds),
                                .wake = [&wake] { wake.Notify(); }};
  AgentCore::Deps deps = {.client = api.get(),
                          .host = host,
                          .providers = NewProviders(host),
                          .renderers = NewRenderers(flags.paths),
                          .probes = std::make_unique<ThreadProbes>(host.net, kProbeThreads,
                                                                   [&wake] { wake.Notify(); })};
  ASSIGN_OR_RETURN(const std::unique_ptr<AgentCore> core,
                   AgentCore::Start(std::move(options), std::move(deps), RealClock()->Read()));
  const auto probes = ServeProbes(flags.http_listen, &state);
  Log(LogLevel::kInfo, "started",
      {{"host", identity.config.host()},
       {"server", identity.config.api_endpoint()},
       {"http", probes != nullptr ? probes->address() : "none"}});
  Heartbeat heartbeat(api.get(), identity.config.host());
  RunThreads(core.get(), &heartbeat, &wake, &state);
  Log(LogLevel::kInfo, "stopped; what runs on this host goes on");
  return absl::OkStatus();
}

void AddPaths(CLI::App* app, HostPaths* paths) {
  app->add_option("--state-dir", paths->state, "Identity, ledger, journal")->capture_default_str();
  app->add_option("--content-dir", paths->content, "Content of sites")->capture_default_str();
  app->add_option("--units-dir", paths->units, "systemd unit files")->capture_default_str();
  app->add_option("--nginx-dir", paths->nginx, "nginx's configuration")->capture_default_str();
  app->add_option("--nginx-probe-port", paths->nginx_probe_port,
                  "On 127.0.0.1, tells the live routes' generation")
      ->capture_default_str();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("The agent of a Reeve host", "reeve-agent");
  app.set_version_flag("--version", REEVE_VERSION);
  app.require_subcommand(1);
  app.add_flag("--debug", flags.debug, "Log more");
  app.add_flag("--log-json", flags.json, "Log as JSON, one object a line");

  CLI::App* join =
      app.add_subcommand("join", "Make this machine a host, with a token of `ctl host token`");
  join->add_option("--server", flags.join.server, "host:port of the join port")->required();
  join->add_option("--token", flags.join.token, "Works once")->required();
  join->add_option("--ca-sha256", flags.join.ca_sha256, "SHA-256 of the CA's public key")
      ->required();
  join->add_flag("--disable-distro-default", flags.join.disable_distro_default,
                 "Take Debian's default site out of nginx's configuration");
  AddPaths(join, &flags.paths);

  CLI::App* run = app.add_subcommand("run", "Keep this host as its Works say");
  run->add_option("--sweep", flags.sweep_seconds, "Seconds between two looks at the whole host")
      ->envname("REEVE_AGENT_SWEEP")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  run->add_option("--http-listen", flags.http_listen,
                  "Where /metrics, /livez and /readyz are served")
      ->capture_default_str();
  AddPaths(run, &flags.paths);
  CLI11_PARSE(app, argc, argv);

  InitLog("reeve-agent", flags.json ? LogFormat::kJson : LogFormat::kText,
          flags.debug ? LogLevel::kDebug : LogLevel::kInfo);
  const absl::Status status = join->parsed() ? RunJoin(flags) : RunAgent(flags);
  if (status.ok()) return 0;
  fmt::print(stderr, "error: {}\n", Message(status));
  return 1;
}

}  // namespace
}  // namespace reeve::agents

int main(int argc, char** argv) { return reeve::agents::Main(argc, argv); }
