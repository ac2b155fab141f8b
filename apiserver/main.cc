// reeve-apiserver: `init` makes an estate's keys, `serve` serves its API.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "apiserver/backups.h"
#include "apiserver/serve_flags.h"
#include "base/clock.h"

namespace reeve::apiserver {
namespace {

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Init(const SetupOptions& options) {
  const absl::Status status = Initialize(options, RealClock()->Read().wall);
  if (absl::IsAlreadyExists(status)) {
    std::printf("%s\n", std::string(status.message()).c_str());
    return 0;
  }
  if (!status.ok()) return Report(status);
  std::printf("Initialized estate %s in %s\n", options.estate.c_str(), options.data_dir.c_str());
  std::printf("Now start it:  reeve-standalone serve --data-dir %s\n", options.data_dir.c_str());
  std::printf("and speak to it:  CTL_CONFIG=%s/admin.conf ctl get hosts\n",
              options.data_dir.c_str());
  return 0;
}

int Restore(const std::string& from, const std::string& data_dir) {
  const absl::StatusOr<v1::StoreBackup> backup = RestoreBackup(from, data_dir);
  if (!backup.ok()) return Report(backup.status());
  std::printf("Restored backup %s, of revision %lld, to %s\n", backup->name().c_str(),
              static_cast<long long>(backup->revision()), data_dir.c_str());
  std::printf("The next start begins a new epoch: everybody who watches lists again.\n");
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("Reeve's API server", "reeve-apiserver");
  app.set_version_flag("--version", REEVE_VERSION);
  app.require_subcommand(1);
  SetupOptions setup{.data_dir = "/var/lib/reeve"};
  CLI::App* init =
      app.add_subcommand("init", "Make the keys and the configuration of a new estate; once");
  init->add_option("--data-dir", setup.data_dir, "Where to")->capture_default_str();
  init->add_option("--estate", setup.estate, "Its name, in every certificate")
      ->capture_default_str();
  init->add_option("--san", setup.sans,
                   "A name or address the server is reached at; may be repeated");
  init->add_option("--server", setup.server,
                   "host:port that admin.conf names; default: the first --san and port 7443");
  std::string from, restore_to = setup.data_dir;
  CLI::App* restore =
      app.add_subcommand("restore", "Put a backup in place, where there is no store");
  restore->add_option("--from", from, "The backup's directory")->required();
  restore->add_option("--data-dir", restore_to, "Where to")->capture_default_str();
  ServeFlags flags;
  CLI::App* serve = app.add_subcommand("serve", "Serve the API");
  AddServeFlags(serve, &flags);
  CLI11_PARSE(app, argc, argv);
  if (init->parsed()) return Init(setup);
  if (restore->parsed()) return Restore(from, restore_to);
  return Report(Serve(flags, "reeve-apiserver", nullptr));
}

}  // namespace
}  // namespace reeve::apiserver

int main(int argc, char** argv) { return reeve::apiserver::Main(argc, argv); }
