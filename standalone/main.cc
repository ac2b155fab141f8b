// reeve-standalone: the API server and the controllers in one process, for people with one small
// control machine.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "apiserver/serve_flags.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "controllers/runtime/manager.h"
#include "standalone/local_client.h"

namespace reeve::standalone {
namespace {

// The loop comes round at least this often, whatever the manager says.
constexpr absl::Duration kWaitMax = absl::Seconds(10);

// The controllers' manager on a thread of its own.
class Controllers final : public apiserver::Companion {
 public:
  explicit Controllers(apiserver::Server* server)
      : client_(server->api(), apiserver::Identity::Controller("controllers")),
        manager_({.client = &client_,
                  .reconcilers = controllers::Reconcilers(),
                  .stopwatch = RealClock(),
                  .wake = [this] { wake_.Notify(); }}),
        thread_("controllers", [this] { Loop(); }) {}
  ~Controllers() override {
    stopping_ = true;
    wake_.Notify();
  }

  std::vector<client::ReadinessCheck> Checks() override {
    return {{"controllers", [this] {
               MutexLock lock(&mu_);
               return health_;
             }}};
  }

 private:
  void Loop() {
    while (!stopping_) {
      if (manager_.ProcessOne(RealClock()->Read())) continue;
      SetHealth(manager_.Health());
      wake_.WaitFor(std::min(manager_.NextWake(RealClock()->Read()), kWaitMax));
    }
  }

  void SetHealth(absl::Status health) {
    MutexLock lock(&mu_);
    health_ = std::move(health);
  }

  LocalClient client_;
  Notification wake_;
  controllers::Manager manager_;
  std::atomic<bool> stopping_ = false;
  Mutex mu_;
  absl::Status health_ ABSL_GUARDED_BY(mu_) = absl::UnavailableError("starting");
  Thread thread_;  // Last: ends before what it uses.
};

int Main(int argc, char** argv) {
  CLI::App app("Reeve's API server and controllers in one process", "reeve-standalone");
  app.set_version_flag("--version", REEVE_VERSION);
  app.require_subcommand(1);
  apiserver::ServeFlags flags;
  CLI::App* serve = app.add_subcommand("serve", "Serve the API and run the controllers");
  apiserver::AddServeFlags(serve, &flags);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = apiserver::Serve(
      flags, "reeve-standalone",
      [](apiserver::Server* server) { return std::make_unique<Controllers>(server); });
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace reeve::standalone

int main(int argc, char** argv) { return reeve::standalone::Main(argc, argv); }
