#include "agents/nginx/nginx_provider.h"

#include <algorithm>
#include <optional>

#include "agents/mark.h"
#include "agents/nginx/nginx_host.h"
#include "agents/nginx/setup.h"
#include "agents/nginx/site_file.h"
#include "agents/os/path.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents::nginx {
namespace {

constexpr std::string_view kSuffix = ".conf";
constexpr uint64_t kHookBytesMax = 64 << 10;

bool IsSiteFile(std::string_view name) { return name.ends_with(kSuffix) && name != kCommonFile; }

// Ports of the files that bear our mark.
std::set<int> PortsOf(const Tree& files) {
  std::set<int> ports;
  for (const auto& [name, content] : files) {
    if (IsSiteFile(name) && ReadMark(content)) ports.merge(SummarizeSite(content).ports);
  }
  return ports;
}

Tree WithCommon(Tree files, int64_t generation, int probe_port) {
  files[kCommonFile] = RenderCommon(generation, probe_port, PortsOf(files));
  return files;
}

class NginxProvider : public HostProvider {
 public:
  explicit NginxProvider(const Host& host) : host_(host) {}

  std::string_view name() const override { return "nginx"; }

  absl::Status Observe(pb::Inventory* inventory) override {
    pb::Inventory::Nginx* nginx = inventory->mutable_nginx();
    nginx->set_probe_port(host_.paths.nginx_probe_port);
    ASSIGN_OR_RETURN(const bool installed, IsInstalled(host_));
    nginx->set_installed(installed);
    if (installed) RETURN_IF_ERROR(ObserveProgram(nginx));
    // Also without the program: it may be installed again, and serve what it finds.
    const absl::StatusOr<std::unique_ptr<Root>> root = host_.files->Open(ReeveDir(host_.paths));
    if (absl::IsNotFound(root.status())) return absl::OkStatus();  // Not set up by `join`.
    RETURN_IF_ERROR(root.status());
    return ObserveGenerations(Generations(root->get()), inventory);
  }

  absl::StatusOr<std::vector<std::string>> Restore() override { return nginx::Restore(host_); }

  bool Runs(const pb::Step& step) const override {
    return step.has_stage_sites() || step.has_switch_sites();
  }

  absl::StatusOr<pb::Receipt> Prepare(const pb::Step& step) override {
    RETURN_IF_ERROR(CheckNginx());
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    ASSIGN_OR_RETURN(const std::optional<int64_t> live, Generations(root.get()).Live());
    if (!live) return FailedPrecondition("{} has no live generation", root->path());
    pb::Receipt receipt;
    receipt.set_kind(step.has_stage_sites() ? pb::Receipt::CREATED : pb::Receipt::CHANGED);
    receipt.set_pre_image(std::to_string(*live));
    return receipt;
  }

  absl::Status Do(const pb::Step& step, const pb::Receipt& receipt,
                  pb::StepReport* report) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    Generations generations(root.get());
    if (step.has_stage_sites()) return Stage(generations, step.stage_sites(), report);
    return Switch(generations, step.switch_sites().generation(), Former(receipt));
  }

  absl::Status Undo(const pb::Step& step, const pb::Receipt& receipt) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    Generations generations(root.get());
    if (step.has_stage_sites()) return generations.Remove(step.stage_sites().generation());
    return UndoSwitch(generations, step.switch_sites().generation(), Former(receipt));
  }

 private:
  static int64_t Former(const pb::Receipt& receipt) {
    return std::atoll(receipt.pre_image().c_str());
  }

  absl::StatusOr<std::unique_ptr<Root>> OpenRoot() {
    return host_.files->Open(ReeveDir(host_.paths));
  }

  absl::Status ObserveProgram(pb::Inventory::Nginx* nginx) {
    ASSIGN_OR_RETURN(*nginx->mutable_version(), Version());
    ASSIGN_OR_RETURN(const UnitState unit, host_.bus->GetUnit(kUnit));
    nginx->set_active(unit.active_state == "active");
    return absl::OkStatus();
  }

  // Asked once: a package upgrade restarts nothing of ours, and the version is for people.
  absl::StatusOr<std::string> Version() {
    if (version_.empty()) {
      ASSIGN_OR_RETURN(const ExitInfo info,
                       host_.exec->Run({.program = host_.paths.nginx_program, .args = {"-v"}}));
      version_ = Trim(info.output.substr(info.output.rfind('/') + 1));
    }
    return version_;
  }

  absl::Status CheckNginx() {
    ASSIGN_OR_RETURN(const bool installed, IsInstalled(host_));
    if (!installed)
      return FailedPrecondition("nginx is not installed: {} is missing", host_.paths.nginx_program);
    ASSIGN_OR_RETURN(const UnitState unit, host_.bus->GetUnit(kUnit));
    if (unit.active_state == "active" || unit.active_state == "reloading") return absl::OkStatus();
    if (unit.active_state.ends_with("activating"))
      return Unavailable("{} is {}", kUnit, unit.active_state);
    return FailedPrecondition("{} is {}: start it with systemctl start nginx", kUnit,
                              unit.active_state);
  }

  absl::StatusOr<bool> IsHooked() {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host_.files->Open(host_.paths.nginx));
    const absl::StatusOr<std::string> hook = root->Read(kHookFile, kHookBytesMax);
    if (absl::IsNotFound(hook.status())) return false;
    RETURN_IF_ERROR(hook.status());
    const std::optional<Mark> mark = ReadMark(*hook);
    return mark && mark->intact;
  }

  absl::Status ObserveGenerations(const Generations& generations, pb::Inventory* inventory) {
    pb::Inventory::Nginx* nginx = inventory->mutable_nginx();
    ASSIGN_OR_RETURN(const bool hooked, IsHooked());
    ASSIGN_OR_RETURN(const std::optional<int64_t> live, generations.Live());
    ASSIGN_OR_RETURN(const int64_t newest, generations.Newest());
    nginx->set_hooked(hooked && live.has_value());
    nginx->set_newest(newest);
    if (!live) return absl::OkStatus();
    nginx->set_generation(*live);
    std::set<std::string> others;
    ASSIGN_OR_RETURN(const Tree files, generations.Read(*live, &others));
    const std::string dir = fmt::format("{}/{}", ReeveDir(host_.paths), GenerationDir(*live));
    for (const auto& [file, content] : files) {
      if (IsSiteFile(file)) AddSite(dir, file, content, inventory);
      if (file == kCommonFile) FillFile(dir, file, content, nginx->mutable_common());
    }
    for (const std::string& other : others)
      inventory->add_foreign(fmt::format("{}/{}", dir, other));
    return absl::OkStatus();
  }

  static void AddSite(const std::string& dir, const std::string& file, const std::string& content,
                      pb::Inventory* inventory) {
    pb::Inventory::Site* site = inventory->add_sites();
    site->set_name(file.substr(0, file.size() - kSuffix.size()));
    FillFile(dir, file, content, site->mutable_file());
  }

  static void FillFile(const std::string& dir, const std::string& name, const std::string& content,
                       pb::Inventory::File* file) {
    file->set_path(fmt::format("{}/{}", dir, name));
    file->set_sha256(Sha256Hex(content));
    if (const std::optional<Mark> mark = ReadMark(content)) {
      file->set_owner(mark->owner);
      file->set_intact(mark->intact);
    }
  }

  // The wanted files that differ from what is live, and the live ones that stay meanwhile.
  struct Difference {
    Tree base;
    Tree changes;
  };

  static absl::StatusOr<Difference> Compare(const Tree& live, const pb::Step::StageSites& stage) {
    Difference difference;
    for (const auto& [file, content] : live) {
      const bool kept =
          std::ranges::find(stage.keep(), file.substr(0, file.rfind('.'))) != stage.keep().end();
      if (!file.ends_with(kSuffix) || (kept && IsSiteFile(file))) difference.base[file] = content;
    }
    for (const pb::Step::SiteFile& site : stage.sites()) {
      const std::string file = site.name() + std::string(kSuffix);
      RETURN_IF_ERROR(CheckRelativePath(file));
      if (file.find('/') != std::string::npos || file == kCommonFile)
        return InvalidArgument("site {}: not a name", site.name());
      const auto there = live.find(file);
      if (there != live.end()) difference.base[file] = there->second;
      if (there == live.end() || there->second != site.content())
        difference.changes[file] = site.content();
    }
    return difference;
  }

  // A busy port passes nginx's own test, and then the reload changes nothing.
  absl::Status DropBusyPorts(const Tree& live, Tree* changes, pb::StepReport* report) {
    ASSIGN_OR_RETURN(const std::vector<TcpListener> listeners, host_.net->Listeners());
    const std::set<int> served = PortsOf(live);
    for (const TcpListener& listener : listeners) {
      if (listener.process == "nginx" || served.contains(listener.port)) continue;
      std::erase_if(*changes, [&](const auto& change) {
        if (!SummarizeSite(change.second).ports.contains(listener.port)) return false;
        Report(
            {change.first.substr(0, change.first.size() - kSuffix.size()),
             fmt::format("port {} is held by {} (pid {})", listener.port,
                         listener.process.empty() ? "a process" : listener.process, listener.pid)},
            report);
        return true;
      });
    }
    return absl::OkStatus();
  }

  static void Report(const Quarantined& quarantined, pb::StepReport* report) {
    pb::StepReport::Quarantined* entry = report->add_quarantined();
    entry->set_site(quarantined.site);
    entry->set_error(quarantined.error);
  }

  absl::Status Stage(Generations& generations, const pb::Step::StageSites& stage,
                     pb::StepReport* report) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> live_number, generations.Live());
    if (!live_number) return FailedPrecondition("no live generation");
    ASSIGN_OR_RETURN(const Tree live, generations.Read(*live_number));
    ASSIGN_OR_RETURN(Difference difference, Compare(live, stage));
    RETURN_IF_ERROR(DropBusyPorts(live, &difference.changes, report));
    const auto test = [&](const Tree& files) -> absl::StatusOr<Trial> {
      RETURN_IF_ERROR(generations.Stage(stage.generation(),
                                        WithCommon(files, stage.generation(), probe_port())));
      return TestConf(host_, generations.StagedPath(stage.generation()),
                      fmt::format("reeve-nginx-test-{}", stage.generation()));
    };
    ASSIGN_OR_RETURN(const Candidate candidate,
                     FindCandidate(difference.base, difference.changes, test));
    for (const Quarantined& quarantined : candidate.quarantined) Report(quarantined, report);
    // The last tree tested may have been another one.
    return generations.Stage(stage.generation(),
                             WithCommon(candidate.files, stage.generation(), probe_port()));
  }

  absl::Status Switch(Generations& generations, int64_t generation, int64_t former) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> live, generations.Live());
    if (live != generation) {
      ASSIGN_OR_RETURN(const bool same, IsAsLive(generations, generation, live.value_or(former)));
      if (same) return generations.Remove(generation);
      RETURN_IF_ERROR(generations.Promote(generation));
      RETURN_IF_ERROR(generations.PointAt(generation));
    }
    RETURN_IF_ERROR(ReloadAndProve(host_, generation));
    // What it leaves behind does no harm, and the next switch tries again.
    generations.PruneBefore(generation).IgnoreError();
    return absl::OkStatus();
  }

  absl::StatusOr<bool> IsAsLive(const Generations& generations, int64_t generation, int64_t live) {
    absl::StatusOr<Tree> staged = generations.ReadStaged(generation);
    if (absl::IsNotFound(staged.status()))
      return false;  // It has its name already: a crash came after that.
    RETURN_IF_ERROR(staged.status());
    ASSIGN_OR_RETURN(const Tree there, generations.Read(live));
    staged->erase(kCommonFile);
    return WithCommon(*std::move(staged), live, probe_port()) == there;
  }

  absl::Status UndoSwitch(Generations& generations, int64_t generation, int64_t former) {
    ASSIGN_OR_RETURN(const std::optional<int64_t> live, generations.Live());
    if (live == generation) RETURN_IF_ERROR(generations.PointAt(former));
    RETURN_IF_ERROR(generations.DropUnusedLink());
    ASSIGN_OR_RETURN(const UnitState unit, host_.bus->GetUnit(kUnit));
    const bool running = unit.active_state == "active" || unit.active_state == "reloading";
    // One that does not run reads the former generation when it starts.
    if (running && !Serves(host_, former)) {
      const absl::Status back = ReloadAndProve(host_, former);
      if (!back.ok()) {
        return Annotate(back,
                        "going back failed; look with `nginx -t`, then `systemctl reload nginx`");
      }
    }
    return generations.Remove(generation);
  }

  int probe_port() const { return host_.paths.nginx_probe_port; }

  const Host host_;
  std::string version_;
};

}  // namespace

std::unique_ptr<HostProvider> NewNginxProvider(const Host& host) {
  return std::make_unique<NginxProvider>(host);
}

}  // namespace reeve::agents::nginx
