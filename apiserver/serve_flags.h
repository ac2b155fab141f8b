// The flags of `serve`, for the two programs that have it. `App` is CLI::App: only mains include
// CLI11.
#pragma once

#include "apiserver/serve_main.h"

namespace reeve::apiserver {

template <typename App>
void AddServeFlags(App* app, ServeFlags* flags) {
  app->add_option("--data-dir", flags->server.data_dir, "Store, blobs, keys")
      ->capture_default_str();
  app->add_option("--listen", flags->server.listen, "host:port of the API")->capture_default_str();
  app->add_option("--join-listen", flags->server.join_listen, "host:port for joining hosts")
      ->capture_default_str();
  app->add_option("--kube-listen", flags->server.kube_listen,
                  "host:port of the API in Kubernetes' dialect, for kubectl; \"\" for none")
      ->capture_default_str();
  app->add_option("--http-listen", flags->http_listen, "host:port of /metrics, /livez, /readyz")
      ->capture_default_str();
  app->add_option("--advertise", flags->server.advertise,
                  "The name or address that hosts are told; default: the first --san");
  app->add_option("--history-versions", flags->server.history.versions,
                  "Versions of each object that are kept; and as many that changed only the status")
      ->capture_default_str();
  app->add_option("--history-age", flags->history_age,
                  "How long they are kept: 720h; default: no bound");
  app->add_option("--history-size", flags->history_mib, "MiB that they may take, all together")
      ->capture_default_str();
  app->add_flag("--debug", flags->debug, "Log more");
  app->add_flag("--log-json", flags->json, "Log as JSON, one object a line");
}

}  // namespace reeve::apiserver
