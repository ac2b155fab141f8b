#include "agents/systemd/systemd_provider.h"

#include <algorithm>
#include <map>
#include <optional>

#include "agents/mark.h"
#include "base/sha256.h"
#include "base/status.h"

namespace reeve::agents::systemd {
namespace {

constexpr auto kPrefix = "reeve-";
constexpr auto kSuffix = ".service";
constexpr uint64_t kUnitBytesMax = 1 << 20;
constexpr uint32_t kUnitMode = 0600;  // The environment of a site is nobody else's to read.

// Reeve's own programs, which the agent did not make and whoever installed them did: neither ours
// to keep nor foreign. A drop-in's directory has the unit's name in front.
constexpr std::string_view kPrograms[] = {"reeve-agent.service", "reeve-apiserver.service",
                                          "reeve-controllers.service", "reeve-standalone.service"};

bool IsProgram(std::string_view file) {
  return std::ranges::any_of(kPrograms, [&](std::string_view unit) {
    return file == unit || file == fmt::format("{}.d", unit);
  });
}

std::string FileOf(const std::string& name) { return name + kSuffix; }

bool IsRunning(const UnitState& state) {
  return state.active_state == "active" || state.active_state == "activating";
}

// What is at a unit's path.
struct Found {
  std::string content;
  uint32_t mode = 0;
};

// nullopt: nothing. FAILED_PRECONDITION: something that is no file of ours can be.
absl::StatusOr<std::optional<Found>> ReadUnitFile(Root& root, const std::string& file) {
  const absl::StatusOr<FileInfo> info = root.Stat(file);
  if (absl::IsNotFound(info.status())) return std::nullopt;
  RETURN_IF_ERROR(info.status());
  if (info->type != FileType::kRegular) {
    return FailedPrecondition("{}/{} is not a regular file; nothing was changed", root.path(),
                              file);
  }
  ASSIGN_OR_RETURN(std::string content, root.Read(file, kUnitBytesMax));
  return Found{std::move(content), info->mode};
}

void FillState(const UnitState& state, pb::Inventory::Unit* unit) {
  unit->set_active_state(state.active_state);
  unit->set_sub_state(state.sub_state);
  unit->set_invocation_id(state.invocation_id);
  unit->set_enabled(state.enabled);
  unit->set_need_daemon_reload(state.need_daemon_reload);
  unit->set_exit_status(state.exit_status);
  unit->set_result(state.result);
  unit->set_restarts(state.restarts);
}

void FillFile(const std::string& path, const std::string& content, pb::Inventory::File* file) {
  file->set_path(path);
  file->set_sha256(Sha256Hex(content));
  if (const std::optional<Mark> mark = ReadMark(content)) {
    file->set_owner(mark->owner);
    file->set_intact(mark->intact);
  }
}

class SystemdProvider : public HostProvider {
 public:
  explicit SystemdProvider(const Host& host) : host_(host) {}

  std::string_view name() const override { return "systemd"; }

  absl::Status Observe(pb::Inventory* inventory) override {
    std::map<std::string, pb::Inventory::Unit> units;  // By name.
    RETURN_IF_ERROR(ObserveFiles(inventory, &units));
    ASSIGN_OR_RETURN(const std::vector<UnitState> loaded, host_.bus->ListUnits(kPrefix));
    for (const UnitState& state : loaded) {
      if (!state.name.ends_with(kSuffix) || IsProgram(state.name)) continue;
      FillState(state,
                &units[state.name.substr(0, state.name.size() - std::string_view(kSuffix).size())]);
    }
    for (auto& [name, unit] : units) {
      if (unit.active_state().empty()) {
        ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(FileOf(name)));
        FillState(state, &unit);
      }
      unit.set_name(name);
      *inventory->add_units() = std::move(unit);
    }
    ASSIGN_OR_RETURN(*inventory->mutable_systemd_version(), host_.bus->ManagerVersion());
    return absl::OkStatus();
  }

  bool Runs(const pb::Step& step) const override {
    switch (step.what_case()) {
      case pb::Step::kWriteUnit:
      case pb::Step::kRunUnit:
      case pb::Step::kStopUnit:
      case pb::Step::kRemoveUnit:
      case pb::Step::kDaemonReload:
        return true;
      default:
        return false;
    }
  }

  absl::StatusOr<pb::Receipt> Prepare(const pb::Step& step) override {
    if (step.has_write_unit()) return PrepareWrite(step.write_unit());
    if (step.has_run_unit()) return PrepareRun(step.run_unit());
    return pb::Receipt();
  }

  absl::Status Do(const pb::Step& step, const pb::Receipt&, pb::StepReport*) override {
    switch (step.what_case()) {
      case pb::Step::kWriteUnit:
        return Write(step.write_unit().name(), step.write_unit().content(), kUnitMode);
      case pb::Step::kRunUnit:
        return Run(step.run_unit());
      case pb::Step::kStopUnit:
        return Stop(FileOf(step.stop_unit().name()));
      case pb::Step::kRemoveUnit:
        return RemoveFile(step.remove_unit().name());
      case pb::Step::kDaemonReload:
        return host_.bus->DaemonReload();
      default:
        return Internal("not a step of systemd's");
    }
  }

  absl::Status Undo(const pb::Step& step, const pb::Receipt& receipt) override {
    if (step.has_write_unit()) return UndoWrite(step.write_unit(), receipt);
    if (step.has_run_unit()) return UndoRun(step.run_unit(), receipt);
    return absl::OkStatus();
  }

 private:
  absl::Status ObserveFiles(pb::Inventory* inventory,
                            std::map<std::string, pb::Inventory::Unit>* units) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host_.files->Open(host_.paths.units));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, root->List(""));
    for (const std::string& file : names) {
      if (!file.starts_with(kPrefix) || IsProgram(file)) continue;
      const std::string path = fmt::format("{}/{}", root->path(), file);
      const absl::StatusOr<std::optional<Found>> found = ReadUnitFile(*root, file);
      if (!found.ok() && !absl::IsFailedPrecondition(found.status())) return found.status();
      if (!found.ok() || !file.ends_with(kSuffix)) {
        inventory->add_foreign(path);
        continue;
      }
      if (!found->has_value()) continue;  // Gone since it was listed.
      const std::string name = file.substr(0, file.size() - std::string_view(kSuffix).size());
      FillFile(path, (*found)->content, (*units)[name].mutable_file());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<pb::Receipt> PrepareWrite(const pb::Step::WriteUnit& write) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host_.files->Open(host_.paths.units));
    ASSIGN_OR_RETURN(const std::optional<Found> found, ReadUnitFile(*root, FileOf(write.name())));
    ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(FileOf(write.name())));
    pb::Receipt receipt;
    receipt.set_was_active(IsRunning(state));
    receipt.set_invocation_id(state.invocation_id);
    receipt.set_kind(pb::Receipt::CREATED);
    if (!found) return receipt;
    receipt.set_kind(found->content == write.content() ? pb::Receipt::ALREADY_THERE
                                                       : pb::Receipt::CHANGED);
    receipt.set_pre_image(found->content);
    receipt.set_mode(found->mode);
    return receipt;
  }

  absl::StatusOr<pb::Receipt> PrepareRun(const pb::Step::RunUnit& run) {
    ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(FileOf(run.name())));
    pb::Receipt receipt;
    receipt.set_was_active(IsRunning(state));
    receipt.set_was_enabled(state.enabled);
    receipt.set_invocation_id(state.invocation_id);
    receipt.set_kind(!receipt.was_active()             ? pb::Receipt::CREATED
                     : run.restart() || !state.enabled ? pb::Receipt::CHANGED
                                                       : pb::Receipt::ALREADY_THERE);
    return receipt;
  }

  absl::Status Write(const std::string& name, const std::string& content, uint32_t mode) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host_.files->Open(host_.paths.units));
    ASSIGN_OR_RETURN(const std::optional<Found> found, ReadUnitFile(*root, FileOf(name)));
    RETURN_IF_ERROR(DropReplacement(*root, FileOf(name)));
    if (found && found->content == content && found->mode == mode) return absl::OkStatus();
    return ReplaceFile(*root, FileOf(name), content, mode);
  }

  absl::Status RemoveFile(const std::string& name) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, host_.files->Open(host_.paths.units));
    RETURN_IF_ERROR(DropReplacement(*root, FileOf(name)));
    const absl::Status removed = root->Remove(FileOf(name));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    return root->Sync("");
  }

  absl::Status Run(const pb::Step::RunUnit& run) {
    const std::string unit = FileOf(run.name());
    ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(unit));
    if (!state.enabled) RETURN_IF_ERROR(Enable(unit, IsRunning(state)));
    if (IsRunning(state))
      return run.restart() ? Explained(host_.bus->RestartUnit(unit), unit) : absl::OkStatus();
    // A unit that failed too often is not started again before this.
    if (state.active_state == "failed") RETURN_IF_ERROR(host_.bus->ResetFailed(unit));
    return Explained(host_.bus->StartUnit(unit), unit);
  }

  // Of a loaded unit the manager remembers whether it is enabled, until it is reloaded: without
  // that it would be enabled again and again. A unit that does not run is forgotten and read anew.
  absl::Status Enable(const std::string& unit, bool running) {
    RETURN_IF_ERROR(host_.bus->EnableUnit(unit));
    return running ? host_.bus->DaemonReload() : absl::OkStatus();
  }

  absl::Status Disable(const std::string& unit, bool running) {
    RETURN_IF_ERROR(host_.bus->DisableUnit(unit));
    return running ? host_.bus->DaemonReload() : absl::OkStatus();
  }

  // A job's "failed" says nothing: the unit's result does.
  absl::Status Explained(absl::Status status, const std::string& unit) {
    if (status.ok()) return status;
    const absl::StatusOr<UnitState> state = host_.bus->GetUnit(unit);
    if (!state.ok() || state->result.empty() || state->result == "success") return status;
    return absl::Status(status.code(),
                        fmt::format("{}: result {}, exit status {}{}", unit, state->result,
                                    state->exit_status, HintFor(state->exit_status)));
  }

  // systemd's own exit codes (systemd.exec(5)) that a manifest can bring about.
  static std::string_view HintFor(int exit_status) {
    switch (exit_status) {
      case 200:
        return " (CHDIR: the content directory is not there)";
      case 203:
        return " (EXEC: the program is not there or cannot be executed)";
      case 217:
        return " (USER: there is no such user)";
      case 226:
        return " (NAMESPACE: its mounts could not be made)";
      default:
        return "";
    }
  }

  absl::Status Stop(const std::string& unit) {
    ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(unit));
    if (IsRunning(state) || state.active_state == "deactivating" ||
        state.active_state == "reloading") {
      RETURN_IF_ERROR(host_.bus->StopUnit(unit));
    }
    if (state.enabled) RETURN_IF_ERROR(host_.bus->DisableUnit(unit));
    return host_.bus->ResetFailed(unit);
  }

  absl::Status UndoWrite(const pb::Step::WriteUnit& write, const pb::Receipt& receipt) {
    const std::string unit = FileOf(write.name());
    if (receipt.kind() == pb::Receipt::CREATED) {
      RETURN_IF_ERROR(RemoveFile(write.name()));
    } else {
      RETURN_IF_ERROR(Write(write.name(), receipt.pre_image(), receipt.mode()));
    }
    ASSIGN_OR_RETURN(const UnitState state, host_.bus->GetUnit(unit));
    const bool stale = state.need_daemon_reload ||
                       (receipt.kind() == pb::Receipt::CREATED && state.load_state != "not-found");
    if (stale) RETURN_IF_ERROR(host_.bus->DaemonReload());
    if (!receipt.was_active() ||
        (IsRunning(state) && state.invocation_id == receipt.invocation_id())) {
      return absl::OkStatus();
    }
    if (state.active_state == "failed") RETURN_IF_ERROR(host_.bus->ResetFailed(unit));
    return Explained(host_.bus->RestartUnit(unit), unit);
  }

  absl::Status UndoRun(const pb::Step::RunUnit& run, const pb::Receipt& receipt) {
    const std::string unit = FileOf(run.name());
    if (!receipt.was_active()) {
      RETURN_IF_ERROR(host_.bus->StopUnit(unit));
      RETURN_IF_ERROR(host_.bus->ResetFailed(unit));
    }
    return receipt.was_enabled() ? absl::OkStatus() : Disable(unit, receipt.was_active());
  }

  const Host host_;
};

}  // namespace

std::unique_ptr<HostProvider> NewSystemdProvider(const Host& host) {
  return std::make_unique<SystemdProvider>(host);
}

}  // namespace reeve::agents::systemd
