#include "agents/os/bus.h"

#include <fcntl.h>
#include <poll.h>
#include <sdbus-c++/sdbus-c++.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>

#include "base/clock.h"
#include "base/fd.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr auto kService = "org.freedesktop.systemd1";
constexpr auto kManagerPath = "/org/freedesktop/systemd1";
constexpr auto kManager = "org.freedesktop.systemd1.Manager";
constexpr auto kUnit = "org.freedesktop.systemd1.Unit";
constexpr auto kServiceUnit = "org.freedesktop.systemd1.Service";
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
// A stop may take the unit's own TimeoutStopSec first.
constexpr absl::Duration kJobTimeout = absl::Seconds(100);
constexpr size_t kOutputBytesMax = 256 << 10;
// systemd could not make the unit's mounts: the program never ran.
constexpr int kExitNamespace = 226;

using Properties = std::map<std::string, sdbus::Variant>;
using Settings = std::vector<sdbus::Struct<std::string, sdbus::Variant>>;
using Units = std::vector<
    sdbus::Struct<std::string, std::string, std::string, std::string, std::string, std::string,
                  sdbus::ObjectPath, uint32_t, std::string, sdbus::ObjectPath>>;
using UnitChanges = std::vector<sdbus::Struct<std::string, std::string, std::string>>;

uint64_t Micros(absl::Duration duration) {
  return static_cast<uint64_t>(absl::ToInt64Microseconds(duration));
}

absl::StatusCode CodeOf(const std::string& name) {
  static const auto* codes = new std::map<std::string, absl::StatusCode>{
      {"org.freedesktop.systemd1.NoSuchUnit", absl::StatusCode::kNotFound},
      {"org.freedesktop.DBus.Error.FileNotFound", absl::StatusCode::kUnavailable},
      {"System.Error.ENOENT", absl::StatusCode::kUnavailable},
      {"System.Error.ECONNREFUSED", absl::StatusCode::kUnavailable},
      {"System.Error.ECONNRESET", absl::StatusCode::kUnavailable},
      {"System.Error.ENOTCONN", absl::StatusCode::kUnavailable},
      {"System.Error.EPIPE", absl::StatusCode::kUnavailable},
      {"org.freedesktop.DBus.Error.Disconnected", absl::StatusCode::kUnavailable},
      {"org.freedesktop.DBus.Error.NoServer", absl::StatusCode::kUnavailable},
      {"org.freedesktop.DBus.Error.ServiceUnknown", absl::StatusCode::kUnavailable},
      {"org.freedesktop.DBus.Error.AccessDenied", absl::StatusCode::kPermissionDenied},
      {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
       absl::StatusCode::kPermissionDenied},
      {"org.freedesktop.DBus.Error.NoReply", absl::StatusCode::kDeadlineExceeded},
      {"org.freedesktop.DBus.Error.Timeout", absl::StatusCode::kDeadlineExceeded},
      {"System.Error.ETIMEDOUT", absl::StatusCode::kDeadlineExceeded},
  };
  const auto found = codes->find(name);
  return found == codes->end() ? absl::StatusCode::kFailedPrecondition : found->second;
}

absl::Status StatusOf(const sdbus::Error& error) {
  const absl::StatusCode code = CodeOf(error.getName());
  const char* stalled = code == absl::StatusCode::kDeadlineExceeded ? "stalled: " : "";
  return absl::Status(
      code, fmt::format("{}systemd: {} ({})", stalled, error.getMessage(), error.getName()));
}

// The door: whatever the library throws becomes a status here.
absl::Status Guarded(const std::string& what, const std::function<absl::Status()>& body) {
  try {
    return Annotate(body(), what);
  } catch (const sdbus::Error& error) {
    return Annotate(StatusOf(error), what);
  } catch (const std::exception& error) {
    return Annotate(Unavailable("D-Bus: {}", error.what()), what);
  }
}

// One connection for the length of one call of the seam. It has no thread: signals are taken in by
// WaitForJob, so one that comes before the reply to StartUnit waits in the queue.
class Session {
 public:
  Session() : connection_(sdbus::createSystemBusConnection()), manager_(MakeProxy(kManagerPath)) {
    connection_->setMethodCallTimeout(Micros(kCallTimeout));
  }

  sdbus::MethodInvoker Call(const std::string& method) {
    sdbus::MethodInvoker invoker = manager_->callMethod(method);
    invoker.onInterface(kManager);
    return invoker;
  }

  // REQUIRED before the call that makes a job: without Subscribe no signals come.
  void WatchJobs() {
    manager_->uponSignal("JobRemoved")
        .onInterface(kManager)
        .call([this](uint32_t, const sdbus::ObjectPath& job, const std::string&,
                     const std::string& result) { finished_[job] = result; });
    manager_->finishRegistration();
    Call("Subscribe");
  }

  // The job's result: done, canceled, timeout, failed, dependency, skipped. DEADLINE_EXCEEDED when
  // it goes on.
  absl::StatusOr<std::string> WaitForJob(const sdbus::ObjectPath& job, absl::Duration timeout) {
    const absl::Duration deadline = RealClock()->Read().mono + timeout;
    for (;;) {
      while (connection_->processPendingRequest()) {
      }
      if (const auto found = finished_.find(job); found != finished_.end()) return found->second;
      const absl::Duration left = deadline - RealClock()->Read().mono;
      if (left <= absl::ZeroDuration())
        return DeadlineExceeded("stalled: the job goes on after {}", FormatTime(timeout));
      PollFor(left);
    }
  }

  Properties GetAll(const sdbus::ObjectPath& path, const std::string& interface) {
    Properties properties;
    MakeProxy(path)
        ->callMethod("GetAll")
        .onInterface("org.freedesktop.DBus.Properties")
        .withArguments(interface)
        .storeResultsTo(properties);
    return properties;
  }

 private:
  static std::string FormatTime(absl::Duration duration) { return absl::FormatDuration(duration); }

  std::unique_ptr<sdbus::IProxy> MakeProxy(const std::string& path) {
    return sdbus::createProxy(*connection_, kService, path);
  }

  void PollFor(absl::Duration left) {
    const sdbus::IConnection::PollData data = connection_->getEventLoopPollData();
    pollfd poll = {data.fd, data.events, 0};
    const int64_t millis = std::min<int64_t>(absl::ToInt64Milliseconds(left) + 1, 1000);
    ::poll(&poll, 1, static_cast<int>(millis));
  }

  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<sdbus::IProxy> manager_;
  std::map<std::string, std::string> finished_;  // By job path.
};

template <typename T>
void Take(const Properties& properties, const char* name, T& value) {
  const auto found = properties.find(name);
  if (found != properties.end() && found->second.containsValueOfType<T>())
    value = found->second.get<T>();
}

std::string Hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// Asks the manager and not the unit, which remembers what it was asked first. A unit without a file
// is not enabled.
bool IsEnabled(Session& session, const std::string& unit) {
  constexpr std::string_view kNoFile[] = {"org.freedesktop.DBus.Error.FileNotFound",
                                          "org.freedesktop.systemd1.NoSuchUnit"};
  std::string state;
  try {
    session.Call("GetUnitFileState").withArguments(unit).storeResultsTo(state);
  } catch (const sdbus::Error& error) {
    if (std::find(std::begin(kNoFile), std::end(kNoFile), error.getName()) == std::end(kNoFile))
      throw;
  }
  return state == "enabled";
}

UnitState ReadUnit(Session& session, const std::string& unit) {
  sdbus::ObjectPath path;
  session.Call("LoadUnit").withArguments(unit).storeResultsTo(path);
  const Properties general = session.GetAll(path, kUnit);
  UnitState state{.name = unit};
  Take(general, "LoadState", state.load_state);
  Take(general, "ActiveState", state.active_state);
  Take(general, "SubState", state.sub_state);
  Take(general, "FragmentPath", state.fragment_path);
  Take(general, "NeedDaemonReload", state.need_daemon_reload);
  if (!state.fragment_path.empty()) state.enabled = IsEnabled(session, unit);
  std::vector<uint8_t> invocation;
  Take(general, "InvocationID", invocation);
  state.invocation_id = Hex(invocation);
  if (!unit.ends_with(".service")) return state;
  const Properties service = session.GetAll(path, kServiceUnit);
  Take(service, "MainPID", state.main_pid);
  Take(service, "ExecMainStatus", state.exit_status);
  Take(service, "Result", state.result);
  Take(service, "NRestarts", state.restarts);
  return state;
}

absl::Status RunJob(Session& session, const char* method, const std::string& unit) {
  session.WatchJobs();
  sdbus::ObjectPath job;
  session.Call(method).withArguments(unit, std::string("replace")).storeResultsTo(job);
  ASSIGN_OR_RETURN(const std::string result, session.WaitForJob(job, kJobTimeout));
  if (result == "done") return absl::OkStatus();
  return FailedPrecondition("the job ended with {}", result);
}

Settings SettingsOf(const TransientRun& run, const std::string& error_file) {
  using Exec = sdbus::Struct<std::string, std::vector<std::string>, bool>;
  using Bind = sdbus::Struct<std::string, std::string, bool, uint64_t>;
  using Tmpfs = sdbus::Struct<std::string, std::string>;
  std::vector<Bind> binds;
  for (const auto& [source, target] : run.bind_read_only)
    binds.emplace_back(source, target, false, uint64_t{0});
  std::vector<Tmpfs> scratch;
  for (const std::string& path : run.temporary_file_systems)
    scratch.emplace_back(path, std::string());
  Settings settings;
  const auto set = [&](const char* name, auto value) {
    settings.emplace_back(name, sdbus::Variant(value));
  };
  set("Type", std::string("oneshot"));
  set("RemainAfterExit",
      true);  // Else a unit that succeeded is gone before its result can be read.
  set("ExecStart", std::vector<Exec>{Exec(run.argv[0], run.argv, false)});
  if (!binds.empty()) set("BindReadOnlyPaths", binds);
  if (!scratch.empty()) set("TemporaryFileSystem", scratch);
  set("ProtectSystem", std::string("strict"));
  set("NoNewPrivileges", true);
  set("StandardOutput", std::string("null"));
  set("StandardErrorFileToTruncate", error_file);
  set("TimeoutStartUSec", Micros(run.timeout));
  return settings;
}

std::string ReadAndRemove(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  std::string text(kOutputBytesMax, '\0');
  const ssize_t n = fd.valid() ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  ::unlink(path.c_str());
  return text;
}

class SystemBus : public Bus {
 public:
  absl::Status DaemonReload() override {
    return Guarded("daemon-reload", [] {
      Session().Call("Reload");
      return absl::OkStatus();
    });
  }

  absl::Status StartUnit(const std::string& unit) override {
    return Job("StartUnit", "starting ", unit);
  }
  absl::Status RestartUnit(const std::string& unit) override {
    return Job("RestartUnit", "restarting ", unit);
  }
  absl::Status ReloadUnit(const std::string& unit) override {
    return Job("ReloadUnit", "reloading ", unit);
  }

  absl::Status StopUnit(const std::string& unit) override {
    const absl::Status status = Job("StopUnit", "stopping ", unit);
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  absl::Status ResetFailed(const std::string& unit) override {
    const absl::Status status = Guarded("reset-failed " + unit, [&] {
      Session().Call("ResetFailedUnit").withArguments(unit);
      return absl::OkStatus();
    });
    return absl::IsNotFound(status) ? absl::OkStatus() : status;
  }

  absl::Status EnableUnit(const std::string& unit) override {
    return Guarded("enabling " + unit, [&] {
      bool carries_install_info = false;
      UnitChanges changes;
      Session()
          .Call("EnableUnitFiles")
          .withArguments(std::vector<std::string>{unit}, false, false)
          .storeResultsTo(carries_install_info, changes);
      return absl::OkStatus();
    });
  }

  absl::Status DisableUnit(const std::string& unit) override {
    return Guarded("disabling " + unit, [&] {
      UnitChanges changes;
      Session()
          .Call("DisableUnitFiles")
          .withArguments(std::vector<std::string>{unit}, false)
          .storeResultsTo(changes);
      return absl::OkStatus();
    });
  }

  absl::Status KillUnit(const std::string& unit, int signal) override {
    return Guarded("signalling " + unit, [&] {
      Session()
          .Call("KillUnit")
          .withArguments(unit, std::string("main"), static_cast<int32_t>(signal));
      return absl::OkStatus();
    });
  }

  absl::StatusOr<UnitState> GetUnit(const std::string& unit) override {
    UnitState state;
    RETURN_IF_ERROR(Guarded("reading " + unit, [&] {
      Session session;
      state = ReadUnit(session, unit);
      return absl::OkStatus();
    }));
    return state;
  }

  absl::StatusOr<std::vector<UnitState>> ListUnits(const std::string& prefix) override {
    std::vector<UnitState> states;
    RETURN_IF_ERROR(Guarded("listing units", [&] {
      Session session;
      Units units;
      session.Call("ListUnitsByPatterns")
          .withArguments(std::vector<std::string>{}, std::vector<std::string>{prefix + "*"})
          .storeResultsTo(units);
      for (const auto& unit : units) states.push_back(ReadUnit(session, std::get<0>(unit)));
      return absl::OkStatus();
    }));
    std::sort(states.begin(), states.end(),
              [](const UnitState& a, const UnitState& b) { return a.name < b.name; });
    return states;
  }

  absl::StatusOr<TransientResult> RunTransient(const TransientRun& run) override {
    if (run.argv.empty()) return InvalidArgument("{}: no program", run.name);
    const std::string unit = run.name + ".service";
    const std::string error_file = fmt::format("/run/{}.stderr", run.name);
    Forget(unit);  // One that a crash of the agent left behind.
    TransientResult result;
    absl::Status status =
        Guarded("running " + unit, [&] { return RunOnce(run, unit, error_file, result); });
    Forget(unit);
    result.output = ReadAndRemove(error_file);
    RETURN_IF_ERROR(status);
    return result;
  }

  absl::StatusOr<std::string> ManagerVersion() override {
    std::string version;
    RETURN_IF_ERROR(Guarded("reading systemd's version", [&] {
      Session session;
      Take(session.GetAll(sdbus::ObjectPath(kManagerPath), kManager), "Version", version);
      return absl::OkStatus();
    }));
    return version;
  }

 private:
  static absl::Status Job(const char* method, const char* doing, const std::string& unit) {
    return Guarded(doing + unit, [&] {
      Session session;
      return RunJob(session, method, unit);
    });
  }

  void Forget(const std::string& unit) {
    StopUnit(unit).IgnoreError();
    ResetFailed(unit).IgnoreError();
  }

  static absl::Status RunOnce(const TransientRun& run, const std::string& unit,
                              const std::string& error_file, TransientResult& result) {
    using Auxiliary = std::vector<sdbus::Struct<std::string, Settings>>;
    Session session;
    session.WatchJobs();
    sdbus::ObjectPath job;
    session.Call("StartTransientUnit")
        .withArguments(unit, std::string("replace"), SettingsOf(run, error_file), Auxiliary{})
        .storeResultsTo(job);
    RETURN_IF_ERROR(session.WaitForJob(job, run.timeout + kCallTimeout).status());
    const UnitState state = ReadUnit(session, unit);
    if (state.result == "timeout")
      return DeadlineExceeded("stalled: killed after {}",
                              std::string(absl::FormatDuration(run.timeout)));
    if (state.exit_status == kExitNamespace)
      return FailedPrecondition("its mounts could not be made (226/NAMESPACE)");
    if (state.result != "success" && state.result != "exit-code")
      return FailedPrecondition("ended with {}", state.result);
    result.exit_code = state.exit_status;
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Bus> NewSystemBus() { return std::make_unique<SystemBus>(); }

}  // namespace reeve::agents
