#include "agents/testing/fake_os.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr auto kNginxProgram = "/usr/sbin/nginx";
constexpr auto kNginxUnit = "nginx.service";
constexpr auto kNginxUnitFile = "/lib/systemd/system/nginx.service";
constexpr auto kPasswd = "/etc/passwd";
constexpr auto kGroup = "/etc/group";

// FNV-1a, for texts that are only compared with each other.
uint64_t Fingerprint(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

class FakeExec : public Exec {
 public:
  explicit FakeExec(FakeOs* os) : os_(os) {}

  absl::StatusOr<ExitInfo> Run(const Command& command) override {
    RETURN_IF_ERROR(CheckAbsolutePath(command.program));
    const bool reads = command.program == kNginxProgram;
    RETURN_IF_ERROR(os_->Enter("run " + command.program + " " + Join(command.args, " "), !reads));
    if (os_->tree().Follow(command.program) == nullptr)
      return ErrnoStatus(ENOENT, "running " + command.program);
    if (command.program == kNginxProgram) return ExitInfo{0, "nginx version: nginx/1.22.1\n"};
    if (command.program == "/usr/sbin/useradd") return UserAdd(command.args);
    if (command.program == "/usr/sbin/userdel") return UserDel(command.args);
    if (command.program == "/usr/sbin/groupadd") return GroupAdd(command.args);
    if (command.program == "/usr/sbin/groupdel") return GroupDel(command.args.back());
    return ExitInfo{0, ""};
  }

 private:
  static std::string Option(const std::vector<std::string>& args, std::string_view name) {
    const auto found = std::find(args.begin(), args.end(), name);
    return found == args.end() || found + 1 == args.end() ? "" : *(found + 1);
  }

  std::vector<std::string> Lines(const char* path) {
    std::vector<std::string> lines = Split(os_->ReadFile(path).value_or(""), '\n');
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }

  bool Has(const char* path, size_t field, const std::string& value) {
    const std::vector<std::string> lines = Lines(path);
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      const std::vector<std::string> fields = Split(line, ':');
      return fields.size() > field && fields[field] == value;
    });
  }

  void Write(const char* path, const std::vector<std::string>& lines) {
    os_->WriteFile(path, lines.empty() ? "" : Join(lines, "\n") + "\n");
  }

  void Append(const char* path, const std::string& line) {
    std::vector<std::string> lines = Lines(path);
    lines.push_back(line);
    Write(path, lines);
  }

  void Drop(const char* path, const std::string& name) {
    std::vector<std::string> lines = Lines(path);
    std::erase_if(lines, [&](const std::string& line) { return line.starts_with(name + ":"); });
    Write(path, lines);
  }

  // What `useradd --user-group` and `groupadd --system` take when no number is given: the highest
  // one that is free, and so again what a deleted group had.
  std::string FreeGid() {
    int gid = 999;
    while (Has(kGroup, 2, std::to_string(gid))) --gid;
    return std::to_string(gid);
  }

  ExitInfo UserAdd(const std::vector<std::string>& args) {
    const std::string& name = args.back();
    const std::string uid = Option(args, "--uid");
    std::string gid = Option(args, "--gid");
    if (Has(kPasswd, 0, name)) return {9, fmt::format("useradd: user '{}' already exists\n", name)};
    if (Has(kPasswd, 2, uid)) return {4, fmt::format("useradd: UID {} is not unique\n", uid)};
    if (gid.empty()) {
      if (Has(kGroup, 0, name)) return {9, fmt::format("useradd: group {} exists\n", name)};
      gid = FreeGid();
      Append(kGroup, fmt::format("{}:x:{}:", name, gid));
    }
    if (!Has(kGroup, 2, gid)) return {6, fmt::format("useradd: group '{}' does not exist\n", gid)};
    Append(kPasswd, fmt::format("{}:x:{}:{}:{}:{}:{}", name, uid, gid, Option(args, "--comment"),
                                Option(args, "--home-dir"), Option(args, "--shell")));
    return {0, ""};
  }

  ExitInfo UserDel(const std::vector<std::string>& args) {
    const std::string& name = args.back();
    if (!Has(kPasswd, 0, name))
      return {6, fmt::format("userdel: user '{}' does not exist\n", name)};
    Drop(kPasswd, name);
    Drop(kGroup, name);  // As login.defs of Debian has it.
    return {0, ""};
  }

  ExitInfo GroupAdd(const std::vector<std::string>& args) {
    const std::string& name = args.back();
    std::string gid = Option(args, "--gid");
    if (Has(kGroup, 0, name))
      return {9, fmt::format("groupadd: group '{}' already exists\n", name)};
    if (Has(kGroup, 2, gid)) return {4, fmt::format("groupadd: GID '{}' already exists\n", gid)};
    if (gid.empty()) gid = FreeGid();
    Append(kGroup, fmt::format("{}:x:{}:", name, gid));
    return {0, ""};
  }

  ExitInfo GroupDel(const std::string& name) {
    if (!Has(kGroup, 0, name))
      return {6, fmt::format("groupdel: group '{}' does not exist\n", name)};
    Drop(kGroup, name);
    return {0, ""};
  }

  FakeOs* const os_;
};

class FakeBus : public Bus {
 public:
  explicit FakeBus(FakeOs* os) : os_(os) {}

  absl::Status DaemonReload() override {
    RETURN_IF_ERROR(os_->Enter("daemon-reload", true));
    ++os_->mutable_counters().daemon_reloads;
    os_->systemd().DaemonReload();
    return absl::OkStatus();
  }
  absl::Status StartUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("start " + unit, true));
    ++os_->mutable_counters().starts;
    return Annotate(os_->systemd().Start(unit), "starting " + unit);
  }
  absl::Status StopUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("stop " + unit, true));
    return os_->systemd().Stop(unit);
  }
  absl::Status RestartUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("restart " + unit, true));
    ++os_->mutable_counters().starts;
    RETURN_IF_ERROR(os_->systemd().Stop(unit));
    return Annotate(os_->systemd().Start(unit), "restarting " + unit);
  }
  absl::Status ReloadUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("reload " + unit, true));
    ++os_->mutable_counters().nginx_reloads;
    return Annotate(os_->systemd().Reload(unit), "reloading " + unit);
  }
  absl::Status ResetFailed(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("reset-failed " + unit, true));
    os_->systemd().ResetFailed(unit);
    return absl::OkStatus();
  }
  absl::Status EnableUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("enable " + unit, true));
    return os_->systemd().Enable(unit, true);
  }
  absl::Status DisableUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("disable " + unit, true));
    return os_->systemd().Enable(unit, false);
  }
  absl::Status KillUnit(const std::string& unit, int signal) override {
    RETURN_IF_ERROR(os_->Enter("kill " + unit, true));
    if (signal == SIGHUP) return os_->systemd().Reload(unit);
    os_->systemd().KillMain(unit);
    return absl::OkStatus();
  }
  absl::StatusOr<UnitState> GetUnit(const std::string& unit) override {
    RETURN_IF_ERROR(os_->Enter("get " + unit, false));
    return os_->systemd().Get(unit);
  }
  absl::StatusOr<std::vector<UnitState>> ListUnits(const std::string& prefix) override {
    RETURN_IF_ERROR(os_->Enter("list-units " + prefix, false));
    return os_->systemd().List(prefix);
  }
  absl::StatusOr<std::string> ManagerVersion() override {
    RETURN_IF_ERROR(os_->Enter("version", false));
    return std::string("252.39-1~deb12u1");
  }

  // Only `nginx -t`, in the mounts it asks for.
  absl::StatusOr<TransientResult> RunTransient(const TransientRun& run) override {
    RETURN_IF_ERROR(os_->Enter("run-transient " + run.name, false));
    ++os_->mutable_counters().nginx_tests;
    MemTree& tree = os_->tree();
    if (run.argv.empty() || tree.Follow(run.argv[0]) == nullptr) return TransientResult{203, ""};
    MemTree::Mounts mounts;
    for (const auto& [source, target] : run.bind_read_only) {
      const InodePtr from = tree.Follow(source), to = tree.Follow(target);
      if (from == nullptr || to == nullptr) {
        return FailedPrecondition("running {}: its mounts could not be made (226/NAMESPACE)",
                                  run.name);
      }
      mounts[to.get()] = from;
    }
    const NginxLoad load = LoadNginx(tree, mounts, "/etc/nginx/nginx.conf");
    return TransientResult{load.loaded ? 0 : 1, load.output};
  }

 private:
  FakeOs* const os_;
};

class FakeNet : public Net {
 public:
  explicit FakeNet(FakeOs* os) : os_(os) {}

  absl::StatusOr<std::vector<TcpListener>> Listeners() override {
    RETURN_IF_ERROR(os_->Enter("listeners", false));
    return os_->systemd().Listeners();
  }
  absl::StatusOr<std::vector<TcpListener>> ListeningSockets() override { return Listeners(); }
  absl::Status TcpConnect(int port, absl::Duration) override {
    RETURN_IF_ERROR(os_->Enter(fmt::format("connect {}", port), false));
    if (os_->systemd().ListenerAt(port) != nullptr) return absl::OkStatus();
    return ErrnoStatus(ECONNREFUSED, fmt::format("connecting to 127.0.0.1:{}", port));
  }
  absl::StatusOr<HttpAnswer> HttpGet(const HttpProbe& probe) override {
    RETURN_IF_ERROR(
        os_->Enter(fmt::format("get {} {}{}", probe.port, probe.host, probe.path), false));
    return os_->Http(probe);
  }
  // Time does not pass here: as many tries as a lagging reload may need, then the deadline.
  absl::Status HttpAwait(const HttpProbe& probe, const std::string& body, absl::Duration) override {
    RETURN_IF_ERROR(os_->Enter(fmt::format("await {} {}", probe.port, body), false));
    for (int tries = 0, in_row = 0; tries < 3 * kAwaitInRow; ++tries) {
      const absl::StatusOr<HttpAnswer> answer = os_->Http(probe);
      in_row = answer.ok() && answer->status == 200 && answer->body == body ? in_row + 1 : 0;
      if (in_row == kAwaitInRow) return absl::OkStatus();
    }
    return DeadlineExceeded("127.0.0.1:{}{}: does not answer \"{}\"", probe.port, probe.path, body);
  }

 private:
  FakeOs* const os_;
};

std::string Line(const std::string& path, const Inode& inode) {
  const std::string owner = fmt::format("{:04o} {}:{}", inode.mode, inode.uid, inode.gid);
  switch (inode.type) {
    case FileType::kDirectory:
      return fmt::format("d {} {}/\n", owner, path);
    case FileType::kSymlink:
      return fmt::format("l {} -> {}\n", path, inode.content);
    default:
      break;
  }
  return fmt::format("f {} {} {} bytes {:016x}\n", owner, path, inode.content.size(),
                     Fingerprint(inode.content));
}

}  // namespace

FakeOs::FakeOs()
    : systemd_(&tree_),
      files_(NewFakeFiles(&tree_, this)),
      exec_(std::make_unique<FakeExec>(this)),
      bus_(std::make_unique<FakeBus>(this)),
      net_(std::make_unique<FakeNet>(this)) {
  for (const char* dir : {"/etc/nginx/conf.d", "/etc/nginx/sites-enabled",
                          "/etc/systemd/system/multi-user.target.wants", "/srv/reeve",
                          "/var/lib/reeve-agent", "/run", "/tmp"}) {
    tree_.MakeDirs(dir);
  }
  WriteFile(
      kPasswd,
      "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n");
  WriteFile(kGroup, "root:x:0:\nwww-data:x:33:\n");
  for (const char* program :
       {"/usr/sbin/useradd", "/usr/sbin/userdel", "/usr/sbin/groupadd", "/usr/sbin/groupdel"})
    WriteFile(program, "", 0755);
  WriteFile("/etc/nginx/nginx.conf",
            "user www-data;\npid /run/nginx.pid;\nevents { worker_connections 768; }\nhttp {\n"
            "\tinclude /etc/nginx/conf.d/*.conf;\n\tinclude /etc/nginx/sites-enabled/*;\n}\n");
  InstallNginx();
}

FakeOs::~FakeOs() = default;

void FakeOs::FailCall(int64_t n, absl::Status status) {
  fail_at_ = counters_.calls + n;
  failure_ = std::move(status);
}

void FakeOs::FailMutation(int64_t n, absl::Status status) {
  fail_at_mutation_ = counters_.mutations + n;
  failure_ = std::move(status);
}

void FakeOs::Revive() {
  crash_at_ = crash_at_mutation_ = 0;
  fail_at_ = fail_at_mutation_ = 0;
}

absl::Status FakeOs::Enter(std::string_view call, bool mutates) {
  ++counters_.calls;
  if (observer_) observer_(call);
  const int64_t mutation = mutates ? counters_.mutations + 1 : 0;
  if (mutates && mutation == crash_at_mutation_) crash_at_ = counters_.calls;
  if (mutates && mutation == fail_at_mutation_) {
    fail_at_mutation_ = 0;
    fail_at_ = counters_.calls;
  }
  if (crashed()) return Unavailable("{}: the agent is dead", call);
  if (counters_.calls == fail_at_) return Annotate(failure_, call);
  if (mutates) ++counters_.mutations;
  return absl::OkStatus();
}

void FakeOs::WriteFile(const std::string& path, const std::string& content, uint32_t mode) {
  tree_.WriteFile(path, content, mode);
}

std::optional<std::string> FakeOs::ReadFile(const std::string& path) const {
  const InodePtr inode = tree_.Follow(path);
  if (inode == nullptr || inode->type != FileType::kRegular) return std::nullopt;
  return inode->content;
}

void FakeOs::HoldPort(int port, const std::string& process) {
  systemd_.SetForeignListener(
      {.address = "0.0.0.0", .port = port, .uid = 0, .pid = 4242, .process = process});
}

void FakeOs::InstallNginx() {
  WriteFile(kNginxProgram, "", 0755);
  WriteFile(kNginxUnitFile, "[Service]\nType=forking\nExecStart=/usr/sbin/nginx\n");
  systemd_.DaemonReload();
  CHECK(systemd_.Start(kNginxUnit).ok(), "nginx of a new host starts");
}

void FakeOs::UninstallNginx() {
  systemd_.Stop(kNginxUnit).IgnoreError();
  tree_.Remove(kNginxProgram);
  tree_.Remove(kNginxUnitFile);
  systemd_.DaemonReload();
}

std::string FakeOs::Dump() {
  std::string text;
  tree_.Walk("/", [&](const std::string& path, const Inode& inode) { text += Line(path, inode); });
  for (const UnitState& unit : systemd_.List("")) {
    if (unit.active_state == "inactive" && !unit.enabled)
      continue;  // Loaded or not: systemd forgets it when it likes.
    text +=
        fmt::format("unit {} {} {} {}{}\n", unit.name, unit.load_state, unit.active_state,
                    unit.enabled ? "enabled" : "disabled", unit.need_daemon_reload ? " stale" : "");
  }
  for (const TcpListener& listener : systemd_.Listeners()) {
    text += fmt::format("listens {}:{} {} uid {}\n", listener.address, listener.port,
                        listener.process, listener.uid);
  }
  return text;
}

HttpAnswer FakeOs::AskNginx(const HttpProbe& probe) {
  ModelSystemd::Nginx& nginx = systemd_.nginx();
  const bool old = nginx.lag > 0 && nginx.before.has_value();
  if (old) --nginx.lag;
  return AnswerNginx(old ? *nginx.before : *nginx.serving, tree_, probe,
                     [this](int port, const HttpProbe& passed) {
                       HttpProbe inner = passed;
                       inner.port = port;
                       return Http(inner);
                     });
}

absl::StatusOr<HttpAnswer> FakeOs::Http(const HttpProbe& probe) {
  const TcpListener* listener = systemd_.ListenerAt(probe.port);
  if (listener == nullptr) return Unavailable("127.0.0.1:{}: Connection refused", probe.port);
  if (listener->process != "nginx")
    return HttpAnswer{200, fmt::format("{} on {}\n", listener->process, probe.port)};
  const HttpAnswer answer = AskNginx(probe);
  if (answer.status == 0) return Unavailable("127.0.0.1:{}: Empty reply from server", probe.port);
  return answer;
}

}  // namespace reeve::agents
