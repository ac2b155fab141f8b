// reeve-controllers: all reconcilers, beside an API server in another process.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/durable_file.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/status.h"
#include "client/grpc_client.h"
#include "client/http_probe_server.h"
#include "controllers/runtime/leader_election.h"
#include "controllers/runtime/manager.h"

namespace reeve::controllers {
namespace {

// The loop comes round at least this often, whatever the manager says.
constexpr absl::Duration kWaitMax = absl::Seconds(10);

struct Flags {
  std::string server = "127.0.0.1:7443";
  std::string ca_file = "/var/lib/reeve/pki/ca.crt";
  std::string cert_file = "/var/lib/reeve/pki/controllers.crt";
  std::string key_file = "/var/lib/reeve/pki/controllers.key";
  std::string probe_address = "127.0.0.1:7445";
  std::string id;
  bool debug = false;
  bool json = false;
};

absl::StatusOr<std::unique_ptr<client::Api>> Connect(const Flags& flags) {
  client::GrpcOptions options;
  options.endpoint = flags.server;
  ASSIGN_OR_RETURN(options.ca_pem, ReadFile(flags.ca_file));
  ASSIGN_OR_RETURN(options.cert_pem, ReadFile(flags.cert_file));
  ASSIGN_OR_RETURN(options.key_pem, ReadFile(flags.key_file));
  return client::NewGrpcClient(options);
}

std::string DefaultId() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return fmt::format("{}-{}", name, getpid());
}

// What the loop last said, for /readyz, which other threads ask.
class HealthBox {
 public:
  void Set(absl::Status status) {
    MutexLock lock(&mu_);
    status_ = std::move(status);
  }
  absl::Status Get() {
    MutexLock lock(&mu_);
    return status_;
  }

 private:
  Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_) = absl::UnavailableError("starting");
};

// Works while it leads. A manager that lost the lead is thrown away: its world is rebuilt with the
// next one.
void Loop(client::Api* api, const Flags& flags, Notification* wake, HealthBox* health,
          const std::atomic<bool>* stop) {
  LeaderElection election({.client = api, .holder = flags.id});
  std::unique_ptr<Manager> manager;
  while (!*stop) {
    const Now now = RealClock()->Read();
    election.Step(now);
    absl::Duration wait = election.NextWake(now);
    if (!election.IsLeader(now)) {
      manager.reset();
    } else if (manager == nullptr) {
      manager = std::make_unique<Manager>(Manager::Options{
          .client = api, .reconcilers = Reconcilers(), .stopwatch = RealClock(), .wake = [wake] {
            wake->Notify();
          }});
    }
    if (manager != nullptr && manager->ProcessOne(now)) continue;
    if (manager != nullptr) wait = std::min(wait, manager->NextWake(now));
    health->Set(manager != nullptr ? manager->Health() : absl::OkStatus());
    wake->WaitFor(std::min(wait, kWaitMax));
  }
  manager.reset();
  election.Resign();
}

absl::Status Run(Flags flags) {
  BlockSignals();
  if (flags.id.empty()) flags.id = DefaultId();
  ASSIGN_OR_RETURN(const std::unique_ptr<client::Api> api, Connect(flags));
  HealthBox health;
  ASSIGN_OR_RETURN(const auto probes,
                   client::HttpProbeServer::Start(
                       flags.probe_address, {{"informers", [&health] { return health.Get(); }}}));
  Log(LogLevel::kInfo, "controllers started",
      {{"server", flags.server}, {"probes", probes->address()}, {"id", flags.id}});
  Notification wake;
  std::atomic<bool> stop = false;
  const Thread loop("controllers", [&] { Loop(api.get(), flags, &wake, &health, &stop); });
  const int signal = WaitForSignal();
  Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
  stop = true;
  wake.Notify();
  return absl::OkStatus();
}

void AddFlags(CLI::App* app, Flags* flags) {
  app->add_option("--server", flags->server, "host:port of the API server")->capture_default_str();
  app->add_option("--ca-file", flags->ca_file, "who signed the server's certificate")
      ->capture_default_str();
  app->add_option("--cert-file", flags->cert_file, "own certificate")->capture_default_str();
  app->add_option("--key-file", flags->key_file, "own key")->capture_default_str();
  app->add_option("--probe-address", flags->probe_address, "host:port of /metrics, /livez, /readyz")
      ->capture_default_str();
  app->add_option("--id", flags->id,
                  "name in the leader's Lease; default: host name and process id");
  app->add_flag("--debug", flags->debug, "log everything");
  app->add_flag("--log-json", flags->json, "log lines as JSON");
  app->set_version_flag("--version", REEVE_VERSION);
}

}  // namespace
}  // namespace reeve::controllers

int main(int argc, char** argv) {
  CLI::App app{"Runs Reeve's controllers.", "reeve-controllers"};
  reeve::controllers::Flags flags;
  reeve::controllers::AddFlags(&app, &flags);
  CLI11_PARSE(app, argc, argv);
  reeve::InitLog("reeve-controllers",
                 flags.json ? reeve::LogFormat::kJson : reeve::LogFormat::kText,
                 flags.debug ? reeve::LogLevel::kDebug : reeve::LogLevel::kInfo);
  const absl::Status status = reeve::controllers::Run(flags);
  if (status.ok()) return 0;
  reeve::Log(reeve::LogLevel::kError, "cannot run", {{"error", status.ToString()}});
  return 1;
}
