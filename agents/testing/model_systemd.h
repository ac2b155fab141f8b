// A model of systemd and of the nginx it runs: unit files are read on first use and again on
// daemon-reload, a start is done before the process is healthy, a busy port ends a program after
// its start, enabling is a link, and whether there was one is remembered of a unit that runs.
// Thread-compatible.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agents/os/bus.h"
#include "agents/os/net.h"
#include "agents/testing/mem_tree.h"
#include "agents/testing/model_nginx.h"

namespace reeve::agents {

class ModelSystemd {
 public:
  // What nginx of the host is doing.
  struct Nginx {
    std::optional<NginxLoaded> serving;
    std::optional<NginxLoaded> before;  // Serves on for `lag` more requests after a reload.
    int lag = 0;
  };

  explicit ModelSystemd(MemTree* tree) : tree_(tree) {}

  absl::Status Start(const std::string& unit);
  absl::Status Stop(const std::string& unit);
  absl::Status Reload(const std::string& unit);
  absl::Status Enable(const std::string& unit, bool enable);
  void ResetFailed(const std::string& unit);
  void DaemonReload();
  UnitState Get(const std::string& unit);
  std::vector<UnitState> List(const std::string& prefix);
  // As after kill -9 of the main process: restarted when the unit says Restart=.
  void KillMain(const std::string& unit);
  // The host is started again: only what is enabled runs.
  void Reboot();

  std::vector<TcpListener> Listeners() const;
  // Who holds `port`; nullptr: nobody.
  const TcpListener* ListenerAt(int port) const;
  void SetForeignListener(const TcpListener& listener) { foreign_[listener.port] = listener; }
  void RemoveForeignListener(int port) { foreign_.erase(port); }
  // The next starts of `unit` end with `result`; "" ends that.
  void FailStart(const std::string& unit, const std::string& result) { fail_start_[unit] = result; }
  // From its next start on the program of `unit` ends at once, and systemd gives up; nullopt ends
  // that.
  void EndAtOnce(const std::string& unit, std::optional<int> exit_status) {
    ends_at_once_[unit] = exit_status;
  }
  void SetReloadLag(int requests) { reload_lag_ = requests; }

  Nginx& nginx() { return nginx_; }

 private:
  struct Unit {
    std::string fragment;  // Path.
    std::string loaded;    // Its text when it was read, with drop-ins.
    std::string active_state = "inactive";
    std::string sub_state = "dead";
    std::string result = "success";
    int exit_status = 0;
    int run = 0;  // Counts up with every start; is the invocation.
    uint32_t restarts = 0;
    std::optional<bool> enabled;  // As first asked for since it runs, or since the last reload.
    std::optional<TcpListener> listens;
  };

  std::string FragmentOf(const std::string& unit) const;
  std::string TextOf(const std::string& unit) const;
  Unit* Load(const std::string& unit);  // nullptr: not found.
  bool IsEnabled(const std::string& unit) const;
  absl::Status StartProgram(const std::string& name, Unit& unit);
  absl::Status StartNginx(Unit& unit);
  bool PortsFree(const NginxLoaded& loaded) const;
  static absl::Status Failed(Unit& unit, const std::string& result, int exit_status);

  MemTree* const tree_;
  std::map<std::string, Unit> units_;
  std::map<int, TcpListener> foreign_;
  std::map<std::string, std::string> fail_start_;
  std::map<std::string, std::optional<int>> ends_at_once_;
  Nginx nginx_;
  int runs_ = 0;
  int reload_lag_ = 0;
  mutable std::vector<TcpListener> listeners_;  // Scratch of ListenerAt.
};

}  // namespace reeve::agents
