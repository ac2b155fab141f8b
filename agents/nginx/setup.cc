#include "agents/nginx/setup.h"

#include <optional>

#include "agents/mark.h"
#include "agents/nginx/conf.h"
#include "agents/nginx/generations.h"
#include "agents/nginx/nginx_host.h"
#include "agents/nginx/site_file.h"
#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents::nginx {
namespace {

constexpr auto kDistroDefault = "sites-enabled/default";
constexpr auto kDisabledNote = "disabled-distro-default";
constexpr auto kBucketSize = "server_names_hash_bucket_size";
constexpr uint64_t kConfBytesMax = 1 << 20;

// Debian's unit has Restart=no, and a killed nginx would stay down.
constexpr auto kDropIn =
    "[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nRestart=on-failure\nRestartSec=500ms\n";

bool HasDirective(const std::string& conf, std::string_view name) {
  for (const std::string& line : Split(conf, '\n')) {
    if (Trim(line).starts_with(name)) return true;
  }
  return false;
}

absl::StatusOr<std::string> ReadIfThere(Root& root, const std::string& path) {
  absl::StatusOr<std::string> text = root.Read(path, kConfBytesMax);
  return absl::IsNotFound(text.status()) ? absl::StatusOr<std::string>("") : text;
}

// Set by somebody else in the places where it can be: twice is an error of nginx's.
absl::StatusOr<bool> BucketSizeIsSet(Root& nginx) {
  ASSIGN_OR_RETURN(std::string all, ReadIfThere(nginx, "nginx.conf"));
  const absl::StatusOr<std::vector<std::string>> names = nginx.List("conf.d");
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    const std::string path = JoinPath("conf.d", name);
    if (path == kHookFile || nginx.Stat(path)->type != FileType::kRegular) continue;
    ASSIGN_OR_RETURN(const std::string text, ReadIfThere(nginx, path));
    all += "\n" + text;
  }
  return HasDirective(all, kBucketSize);
}

absl::StatusOr<std::string> RenderHook(Root& nginx, const HostPaths& paths) {
  std::vector<NginxBlock> conf;
  ASSIGN_OR_RETURN(const bool set, BucketSizeIsSet(nginx));
  if (!set) conf.push_back({kBucketSize, {"512"}});
  conf.push_back({"include", {fmt::format("{}/{}/*.conf", ReeveDir(paths), kCurrent)}});
  ASSIGN_OR_RETURN(const std::string body, EmitConf(conf));
  return WithMark(kHostOwner, body);
}

// FAILED_PRECONDITION when there is a file without our mark. True: it was written.
absl::StatusOr<bool> WriteOurs(Root& root, const std::string& path, const std::string& content) {
  const absl::StatusOr<std::string> there = root.Read(path, kConfBytesMax);
  if (there.ok() && *there == content) return false;
  if (there.ok() && !ReadMark(*there)) {
    return FailedPrecondition("{}/{} was not made by Reeve; nothing was changed", root.path(),
                              path);
  }
  if (!there.ok() && !absl::IsNotFound(there.status())) return there.status();
  RETURN_IF_ERROR(ReplaceFile(root, path, content, 0644));
  return true;
}

absl::Status DisableDistroDefault(const Host& host, Root& nginx, bool allowed) {
  const absl::StatusOr<FileInfo> info = nginx.Stat(kDistroDefault);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  RETURN_IF_ERROR(info.status());
  const std::string path = fmt::format("{}/{}", nginx.path(), kDistroDefault);
  if (!allowed || info->type != FileType::kSymlink) {
    return FailedPrecondition("{} answers every name on port 80; remove it with: rm {}{}", path,
                              path, allowed ? "" : " (or give --disable-distro-default)");
  }
  ASSIGN_OR_RETURN(const std::string target, nginx.ReadLink(kDistroDefault));
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> state,
                   OpenOrMake(*host.files, host.paths.state, 0700));
  RETURN_IF_ERROR(
      ReplaceFile(*state, kDisabledNote, fmt::format("{} -> {}\n", path, target), 0600));
  return nginx.Remove(kDistroDefault);
}

// A live generation: the newest when only the link is lost, else the empty generation 0. True:
// there was none.
absl::StatusOr<bool> MakeLive(const Host& host, bool* empty) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> root,
                   OpenOrMake(*host.files, ReeveDir(host.paths), 0755));
  Generations generations(root.get());
  ASSIGN_OR_RETURN(const std::optional<int64_t> live, generations.Live());
  if (live) return false;
  ASSIGN_OR_RETURN(const std::set<int64_t> all, generations.All());
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (!generations.Read(*it).ok()) continue;  // Being built.
    RETURN_IF_ERROR(generations.PointAt(*it));
    return true;
  }
  *empty = true;
  RETURN_IF_ERROR(
      generations.Stage(0, {{kCommonFile, RenderCommon(0, host.paths.nginx_probe_port, {})}}));
  RETURN_IF_ERROR(generations.Promote(0));
  RETURN_IF_ERROR(generations.PointAt(0));
  return true;
}

// True: it was written.
absl::StatusOr<bool> WriteDropIn(const Host& host) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> root,
                   OpenOrMake(*host.files, host.paths.units + "/nginx.service.d", 0755));
  ASSIGN_OR_RETURN(const bool written,
                   WriteOurs(*root, "reeve.conf", WithMark(kHostOwner, kDropIn)));
  if (written) RETURN_IF_ERROR(host.bus->DaemonReload());
  return written;
}

absl::Status TestAndLoad(const Host& host) {
  ASSIGN_OR_RETURN(const Trial trial, TestConf(host, "", "reeve-nginx-test-join"));
  if (!trial.passed)
    return FailedPrecondition("nginx refuses its configuration: {}", trial.first_line);
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host.files->Open(ReeveDir(host.paths)));
  ASSIGN_OR_RETURN(const std::optional<int64_t> live, Generations(root.get()).Live());
  ASSIGN_OR_RETURN(const UnitState unit, host.bus->GetUnit(kUnit));
  if (unit.active_state != "active") {
    RETURN_IF_ERROR(host.bus->ResetFailed(kUnit));
    RETURN_IF_ERROR(host.bus->StartUnit(kUnit));
  }
  if (Serves(host, live.value_or(0))) return absl::OkStatus();
  return ReloadAndProve(host, live.value_or(0));
}

absl::StatusOr<bool> HookIsIntact(Root& nginx) {
  ASSIGN_OR_RETURN(const std::string hook, ReadIfThere(nginx, kHookFile));
  const std::optional<Mark> mark = ReadMark(hook);
  return mark && mark->intact;
}

// True: it was written.
absl::StatusOr<bool> RestoreHook(const Host& host) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> nginx, host.files->Open(host.paths.nginx));
  ASSIGN_OR_RETURN(const bool intact, HookIsIntact(*nginx));
  if (intact) return false;
  ASSIGN_OR_RETURN(const std::string hook, RenderHook(*nginx, host.paths));
  return WriteOurs(*nginx, kHookFile, hook);
}

}  // namespace

absl::Status Prepare(const Host& host, bool disable_distro_default) {
  ASSIGN_OR_RETURN(const bool installed, IsInstalled(host));
  if (!installed) {
    return FailedPrecondition(
        "nginx is not installed ({}); install it with: apt-get install nginx-light",
        host.paths.nginx_program);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> nginx, host.files->Open(host.paths.nginx));
  RETURN_IF_ERROR(DisableDistroDefault(host, *nginx, disable_distro_default));
  bool empty = false;
  RETURN_IF_ERROR(MakeLive(host, &empty).status());
  ASSIGN_OR_RETURN(const std::string hook, RenderHook(*nginx, host.paths));
  ASSIGN_OR_RETURN(const bool written, WriteOurs(*nginx, kHookFile, hook));
  RETURN_IF_ERROR(WriteDropIn(host).status());
  const absl::Status loaded = TestAndLoad(host);
  // A hook that nginx refuses would take it down at its next start.
  if (!loaded.ok() && written) nginx->Remove(kHookFile).IgnoreError();
  return loaded;
}

absl::StatusOr<std::vector<std::string>> Restore(const Host& host) {
  std::vector<std::string> made;
  ASSIGN_OR_RETURN(const bool installed, IsInstalled(host));
  if (!installed) return made;
  bool empty = false;
  ASSIGN_OR_RETURN(const bool live, MakeLive(host, &empty));
  if (live) made.push_back(fmt::format("{}/{} was missing", ReeveDir(host.paths), kCurrent));
  ASSIGN_OR_RETURN(const bool hook, RestoreHook(host));
  // An empty generation has no routes: to load it would take away those that nginx still serves.
  const absl::Status loaded = (live || hook) && !empty ? TestAndLoad(host) : absl::OkStatus();
  if (!loaded.ok() && hook) {  // nginx would not start with it again; the next sweep tries.
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> nginx, host.files->Open(host.paths.nginx));
    nginx->Remove(kHookFile).IgnoreError();
  }
  RETURN_IF_ERROR(loaded);
  if (hook) made.push_back(fmt::format("{}/{} was missing or edited", host.paths.nginx, kHookFile));
  ASSIGN_OR_RETURN(const bool drop_in, WriteDropIn(host));
  if (drop_in) made.push_back("nginx.service.d/reeve.conf was missing or edited");
  return made;
}

}  // namespace reeve::agents::nginx
