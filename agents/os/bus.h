// The systemd seam: the manager over D-Bus, typed. The only door to sdbus-c++.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reeve::agents {

struct UnitState {
  std::string name;
  std::string load_state;    // loaded, not-found, error, masked.
  std::string active_state;  // active, activating, inactive, failed.
  std::string sub_state;
  std::string fragment_path;
  std::string invocation_id;  // Hex; empty when not running.
  uint32_t main_pid = 0;
  int32_t exit_status = 0;
  std::string result;     // Of the last run: success, exit-code, signal, timeout, start-limit-hit.
  uint32_t restarts = 0;  // By systemd itself.
  bool need_daemon_reload = false;
  // Of a loaded unit maybe as it was before the last EnableUnit or DisableUnit: DaemonReload makes
  // it fresh.
  bool enabled = false;
};

// A one-shot unit with mounts of its own, in which `nginx -t` sees a candidate as it will be
// loaded.
struct TransientRun {
  std::string name;                                                 // Without .service; unique.
  std::vector<std::string> argv;                                    // argv[0] absolute.
  std::vector<std::pair<std::string, std::string>> bind_read_only;  // Source, target.
  std::vector<std::string> temporary_file_systems;
  absl::Duration timeout = absl::Seconds(30);
};

struct TransientResult {
  int exit_code = 0;
  std::string output;  // Standard error, at most 256 KiB.
};

// Every call has a deadline (DEADLINE_EXCEEDED: "stalled"); UNAVAILABLE: no bus. Thread safety:
// safe.
class Bus {
 public:
  virtual ~Bus() = default;
  virtual absl::Status DaemonReload() = 0;
  // Blocks until the job is done. FAILED_PRECONDITION with the job's result when it is not "done".
  virtual absl::Status StartUnit(const std::string& unit) = 0;
  virtual absl::Status StopUnit(const std::string& unit) = 0;  // OK when it is not loaded.
  virtual absl::Status RestartUnit(const std::string& unit) = 0;
  virtual absl::Status ReloadUnit(const std::string& unit) = 0;
  virtual absl::Status ResetFailed(const std::string& unit) = 0;
  virtual absl::Status EnableUnit(const std::string& unit) = 0;
  virtual absl::Status DisableUnit(const std::string& unit) = 0;
  virtual absl::Status KillUnit(const std::string& unit, int signal) = 0;
  virtual absl::StatusOr<UnitState> GetUnit(
      const std::string& unit) = 0;  // load_state not-found when there is none.
  virtual absl::StatusOr<std::vector<UnitState>> ListUnits(const std::string& prefix) = 0;
  // A program that ends with any code of its own is OK here. FAILED_PRECONDITION: it could not be
  // run as asked (its mounts could not be made), so nothing is known; DEADLINE_EXCEEDED: it was
  // killed at `timeout`.
  virtual absl::StatusOr<TransientResult> RunTransient(const TransientRun& run) = 0;
  virtual absl::StatusOr<std::string> ManagerVersion() = 0;
};

// The system bus. Each call makes a connection of its own, so there is none to lose between calls.
std::unique_ptr<Bus> NewSystemBus();

}  // namespace reeve::agents
