#include "apiserver/serve_main.h"

#include <signal.h>
#include <unistd.h>

#include "apiserver/store_watch.h"
#include "base/durable_file.h"
#include "base/executor.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// For scripts, when a port was left to the system.
absl::Status WriteEndpoints(const std::string& data_dir, const Endpoints& endpoints,
                            const std::string& http) {
  return ReplaceFile(data_dir + "/endpoints.json",
                     fmt::format("{{\"api\": \"{}\", \"join\": \"{}\", \"http\": \"{}\", "
                                 "\"kube\": \"{}\"}}\n",
                                 endpoints.api, endpoints.join, http, endpoints.kube),
                     kPublicFile);
}

absl::StatusOr<ServerOptions> OptionsOf(const ServeFlags& flags) {
  ServerOptions options = flags.server;
  options.history.bytes = flags.history_mib << 20;
  if (options.history.versions < 0)
    return InvalidArgument("--history-versions: must not be negative");
  if (flags.history_age.empty()) return options;
  absl::Duration age;
  if (!absl::ParseDuration(flags.history_age, &age) || age < absl::ZeroDuration())
    return InvalidArgument("--history-age: \"{}\" is no duration such as 720h", flags.history_age);
  options.history.age = age;
  return options;
}

}  // namespace

absl::Status Serve(const ServeFlags& flags, const std::string& program,
                   const StartCompanion& companion) {
  BlockSignals();
  InitLog(program, flags.json ? LogFormat::kJson : LogFormat::kText,
          flags.debug ? LogLevel::kDebug : LogLevel::kInfo);
  ASSIGN_OR_RETURN(const ServerOptions options, OptionsOf(flags));
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options));
  std::vector<client::ReadinessCheck> checks = server->Checks();
  std::unique_ptr<Companion> beside;
  if (companion) {
    beside = companion(server.get());
    for (client::ReadinessCheck& check : beside->Checks()) checks.push_back(std::move(check));
  }
  ASSIGN_OR_RETURN(const auto http,
                   client::HttpProbeServer::Start(flags.http_listen, std::move(checks)));
  RETURN_IF_ERROR(WriteEndpoints(flags.server.data_dir, server->endpoints(), http->address()));
  Log(LogLevel::kInfo, "serving",
      {{"api", server->endpoints().api},
       {"join", server->endpoints().join},
       {"kube", server->endpoints().kube},
       {"http", http->address()}});
  const StoreWatch store_watch([&server] { return server->storage(); },
                               [] { kill(getpid(), SIGTERM); });
  WaitForSignal();
  Log(LogLevel::kInfo, "stopping");
  return store_watch.failure();
}

}  // namespace reeve::apiserver
