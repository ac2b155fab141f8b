#include "agents/testing/model_systemd.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr auto kNginx = "nginx.service";
constexpr auto kNginxConf = "/etc/nginx/nginx.conf";
constexpr auto kWants = "/etc/systemd/system/multi-user.target.wants/";

// systemd.exec(5), "Process Exit Codes".
constexpr int kExecStatus = 203;
constexpr int kUserStatus = 217;

// The value of the last `key=` line; "" when there is none.
std::string ValueOf(const std::string& text, const std::string& key) {
  std::string value;
  for (const std::string& line : Split(text, '\n')) {
    if (line.starts_with(key + "=")) value = line.substr(key.size() + 1);
  }
  return value;
}

int PortOf(const std::string& text) {
  for (const std::string& line : Split(text, '\n')) {
    if (!line.starts_with("Environment=")) continue;
    const size_t at = line.find("PORT=");
    if (at != std::string::npos && (at == 12 || line[at - 1] == '"'))
      return std::atoi(line.c_str() + at + 5);
  }
  return 0;
}

// The program of ExecStart, which the emitter quotes.
std::string ProgramOf(const std::string& text) {
  const std::string command = ValueOf(text, "ExecStart");
  if (!command.starts_with('"')) return command.substr(0, command.find(' '));
  return command.substr(1, command.find('"', 1) - 1);
}

std::optional<uint32_t> UidOf(const MemTree& tree, const std::string& user) {
  const InodePtr passwd = tree.Follow("/etc/passwd");
  if (user.empty() || passwd == nullptr) return 0;
  for (const std::string& line : Split(passwd->content, '\n')) {
    const std::vector<std::string> fields = Split(line, ':');
    if (fields.size() > 2 && fields[0] == user)
      return static_cast<uint32_t>(std::atoi(fields[2].c_str()));
  }
  return std::nullopt;
}

}  // namespace

std::string ModelSystemd::FragmentOf(const std::string& unit) const {
  for (const char* dir : {"/etc/systemd/system/", "/lib/systemd/system/"}) {
    const InodePtr inode = tree_->Follow(dir + unit);
    if (inode != nullptr && inode->type == FileType::kRegular) return dir + unit;
  }
  return "";
}

std::string ModelSystemd::TextOf(const std::string& unit) const {
  const std::string fragment = FragmentOf(unit);
  if (fragment.empty()) return "";
  std::string text = tree_->Follow(fragment)->content;
  tree_->Walk("/etc/systemd/system/" + unit + ".d",
              [&](const std::string&, const Inode& inode) { text += "\n" + inode.content; });
  return text;
}

ModelSystemd::Unit* ModelSystemd::Load(const std::string& unit) {
  const auto found = units_.find(unit);
  if (found != units_.end()) return &found->second;
  const std::string fragment = FragmentOf(unit);
  if (fragment.empty()) return nullptr;
  return &units_.emplace(unit, Unit{.fragment = fragment, .loaded = TextOf(unit)}).first->second;
}

void ModelSystemd::DaemonReload() {
  for (auto it = units_.begin(); it != units_.end();) {
    it->second.fragment = FragmentOf(it->first);
    it->second.loaded = TextOf(it->first);
    it->second.enabled.reset();
    const bool gone = it->second.fragment.empty() && it->second.active_state == "inactive";
    it = gone ? units_.erase(it) : std::next(it);
  }
}

absl::Status ModelSystemd::Failed(Unit& unit, const std::string& result, int exit_status) {
  unit.active_state = "failed";
  unit.sub_state = "failed";
  unit.result = result;
  unit.exit_status = exit_status;
  unit.listens.reset();
  return FailedPrecondition("the job ended with failed");
}

absl::Status ModelSystemd::Start(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr) return NotFound("systemd: Unit {} not found.", name);
  if (unit->active_state == "active") return absl::OkStatus();
  if (const std::string& result = fail_start_[name]; !result.empty())
    return Failed(*unit, result, 1);
  unit->result = "success";
  unit->exit_status = 0;
  unit->enabled.reset();
  unit->run = ++runs_;
  return name == kNginx ? StartNginx(*unit) : StartProgram(name, *unit);
}

absl::Status ModelSystemd::StartProgram(const std::string& name, Unit& unit) {
  const InodePtr program = tree_->Follow(ProgramOf(unit.loaded));
  if (program == nullptr || program->type != FileType::kRegular || (program->mode & 0111u) == 0) {
    return Failed(unit, "exit-code", kExecStatus);
  }
  const std::optional<uint32_t> uid = UidOf(*tree_, ValueOf(unit.loaded, "User"));
  if (!uid) return Failed(unit, "exit-code", kUserStatus);
  const int port = PortOf(unit.loaded);
  if (port != 0 && ListenerAt(port) != nullptr) {
    // It starts, finds its port taken, and ends.
    Failed(unit, "exit-code", 1).IgnoreError();
    return absl::OkStatus();
  }
  if (const std::optional<int> exit_status = ends_at_once_[name]) {
    unit.restarts = static_cast<uint32_t>(
        std::max(0, std::atoi(ValueOf(unit.loaded, "StartLimitBurst").c_str()) - 1));
    Failed(unit, "exit-code", *exit_status).IgnoreError();
    return absl::OkStatus();
  }
  unit.active_state = "active";
  unit.sub_state = "running";
  if (port != 0) {
    unit.listens = TcpListener{.address = "127.0.0.1",
                               .port = port,
                               .uid = *uid,
                               .pid = 1000 + unit.run,
                               .process = ProgramOf(unit.loaded)};
    unit.listens->process = unit.listens->process.substr(unit.listens->process.rfind('/') + 1);
  }
  return absl::OkStatus();
}

bool ModelSystemd::PortsFree(const NginxLoaded& loaded) const {
  return std::none_of(loaded.ports.begin(), loaded.ports.end(), [&](int port) {
    const TcpListener* holder = ListenerAt(port);
    return holder != nullptr && holder->process != "nginx";
  });
}

absl::Status ModelSystemd::StartNginx(Unit& unit) {
  NginxLoad load = LoadNginx(*tree_, {}, kNginxConf);
  if (!load.loaded || !PortsFree(*load.loaded)) return Failed(unit, "exit-code", 1);
  nginx_.serving = std::move(load.loaded);
  unit.active_state = "active";
  unit.sub_state = "running";
  return absl::OkStatus();
}

absl::Status ModelSystemd::Reload(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr) return NotFound("systemd: Unit {} not found.", name);
  if (name != kNginx || unit->active_state != "active") {
    return FailedPrecondition("systemd: Job type reload is not applicable for unit {}.", name);
  }
  NginxLoad load = LoadNginx(*tree_, {}, kNginxConf);
  if (!load.loaded) return FailedPrecondition("the job ended with failed");
  if (!PortsFree(*load.loaded))
    return absl::OkStatus();  // bind() fails in the master: the old one serves on.
  nginx_.before = std::move(nginx_.serving);
  nginx_.serving = std::move(load.loaded);
  nginx_.lag = reload_lag_;
  return absl::OkStatus();
}

absl::Status ModelSystemd::Stop(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr) return absl::OkStatus();
  if (unit->active_state == "failed") return absl::OkStatus();
  unit->active_state = "inactive";
  unit->sub_state = "dead";
  unit->listens.reset();
  if (name == kNginx) nginx_ = {};
  return absl::OkStatus();
}

void ModelSystemd::ResetFailed(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr || unit->active_state != "failed") return;
  unit->active_state = "inactive";
  unit->sub_state = "dead";
  unit->restarts = 0;
  if (unit->fragment.empty()) units_.erase(name);
}

bool ModelSystemd::IsEnabled(const std::string& unit) const {
  return tree_->Find(kWants + unit) != nullptr;
}

absl::Status ModelSystemd::Enable(const std::string& unit, bool enable) {
  const std::string fragment = FragmentOf(unit);
  if (!enable) {
    tree_->Remove(kWants + unit);
    return absl::OkStatus();
  }
  if (fragment.empty()) return FailedPrecondition("systemd: Unit file {} does not exist.", unit);
  if (!IsEnabled(unit)) tree_->Link(fragment, kWants + unit);
  return absl::OkStatus();
}

UnitState ModelSystemd::Get(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr) {
    return {.name = name,
            .load_state = "not-found",
            .active_state = "inactive",
            .sub_state = "dead",
            .result = "success"};
  }
  const bool active = unit->active_state == "active";
  // What does not run is forgotten between two calls, and this with it.
  if (!active || !unit->enabled) unit->enabled = IsEnabled(name);
  return {.name = name,
          .load_state = unit->fragment.empty() ? "not-found" : "loaded",
          .active_state = unit->active_state,
          .sub_state = unit->sub_state,
          .fragment_path = unit->fragment,
          .invocation_id = unit->run == 0 ? "" : fmt::format("{:032x}", unit->run),
          .main_pid = active ? 1000u + static_cast<uint32_t>(unit->run) : 0u,
          .exit_status = unit->exit_status,
          .result = unit->result,
          .restarts = unit->restarts,
          .need_daemon_reload = unit->loaded != TextOf(name),
          .enabled = *unit->enabled};
}

std::vector<UnitState> ModelSystemd::List(const std::string& prefix) {
  std::vector<UnitState> states;
  for (const auto& [name, unit] : units_) {
    if (name.starts_with(prefix)) states.push_back(Get(name));
  }
  return states;
}

void ModelSystemd::KillMain(const std::string& name) {
  Unit* unit = Load(name);
  if (unit == nullptr || unit->active_state != "active") return;
  Stop(name).IgnoreError();
  Failed(*unit, "signal", 9).IgnoreError();
  const std::string restart = ValueOf(unit->loaded, "Restart");
  if (restart != "on-failure" && restart != "always") return;
  ++unit->restarts;
  Start(name).IgnoreError();
}

void ModelSystemd::Reboot() {
  units_.clear();
  nginx_ = {};
  Start(kNginx).IgnoreError();
  tree_->Walk("/etc/systemd/system/multi-user.target.wants",
              [&](const std::string& path, const Inode&) {
                Start(path.substr(path.rfind('/') + 1)).IgnoreError();
              });
}

std::vector<TcpListener> ModelSystemd::Listeners() const {
  std::vector<TcpListener> listeners;
  for (const auto& [port, listener] : foreign_) listeners.push_back(listener);
  for (const auto& [name, unit] : units_) {
    if (unit.listens) listeners.push_back(*unit.listens);
  }
  if (nginx_.serving) {
    for (const int port : nginx_.serving->ports) {
      listeners.push_back(
          {.address = "0.0.0.0", .port = port, .uid = 0, .pid = 900, .process = "nginx"});
    }
  }
  std::sort(listeners.begin(), listeners.end(), [](const TcpListener& a, const TcpListener& b) {
    return std::tie(a.port, a.address) < std::tie(b.port, b.address);
  });
  return listeners;
}

const TcpListener* ModelSystemd::ListenerAt(int port) const {
  listeners_ = Listeners();
  for (const TcpListener& listener : listeners_) {
    if (listener.port == port) return &listener;
  }
  return nullptr;
}

}  // namespace reeve::agents
