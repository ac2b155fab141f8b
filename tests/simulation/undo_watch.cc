#include "tests/simulation/undo_watch.h"

#include <fmt/format.h>

#include <optional>

#include "agents/step.h"
#include "base/strings.h"

namespace reeve::simulation {
namespace {

using agents::pb::Step;

constexpr char kRoutes[] = "/etc/nginx/";
constexpr std::string_view kGenerations = "/etc/nginx/reeve/gen-";

// What the step makes or changes; empty for one that is never undone.
std::string NameOf(const Step& step) {
  switch (step.what_case()) {
    case Step::kEnsureUser:
      return step.ensure_user().name();
    case Step::kUnpackRelease:
      return step.unpack_release().dir();
    case Step::kSwitchRelease:
      return step.switch_release().dir();
    case Step::kWriteUnit:
      return step.write_unit().name();
    case Step::kRunUnit:
      return step.run_unit().name();
    case Step::kStageSites:
    case Step::kSwitchSites:
      return kRoutes;
    default:
      return "";
  }
}

// Of the generation that the line's path is in; nullopt when it is in none.
std::optional<int64_t> GenerationOf(std::string_view line) {
  const size_t at = line.find(kGenerations);
  if (at == std::string_view::npos) return std::nullopt;
  return std::atoll(line.data() + at + kGenerations.size());
}

// Without what systemd has read of a unit's file and forgets when it is told to read again.
std::string Lasting(std::string line) {
  if (!line.starts_with("unit ")) return line;
  for (const std::string_view word : {" loaded", " not-found", " stale"}) {
    if (const size_t at = line.find(word); at != std::string::npos) line.erase(at, word.size());
  }
  return line;
}

}  // namespace

class UndoWatch::Provider final : public agents::HostProvider {
 public:
  Provider(UndoWatch* watch, std::unique_ptr<agents::HostProvider> provider)
      : watch_(*watch), provider_(std::move(provider)) {}

  std::string_view name() const override { return provider_->name(); }
  bool Runs(const Step& step) const override { return provider_->Runs(step); }
  absl::Status Observe(agents::pb::Inventory* inventory) override {
    watch_.Observed();
    return provider_->Observe(inventory);
  }
  absl::StatusOr<agents::pb::Receipt> Prepare(const Step& step) override {
    watch_.Began(step);
    return provider_->Prepare(step);
  }
  absl::Status Do(const Step& step, const agents::pb::Receipt& receipt,
                  agents::pb::StepReport* report) override {
    return provider_->Do(step, receipt, report);
  }
  absl::Status Undo(const Step& step, const agents::pb::Receipt& receipt) override {
    if (!watch_.Undoing(step)) return absl::OkStatus();
    const absl::Status undone = provider_->Undo(step, receipt);
    if (undone.ok()) watch_.Undone(step);
    return undone;
  }

 private:
  UndoWatch& watch_;
  const std::unique_ptr<agents::HostProvider> provider_;
};

agents::Providers UndoWatch::Wrap(agents::Providers providers) {
  for (auto& provider : providers) provider = std::make_unique<Provider>(this, std::move(provider));
  return providers;
}

void UndoWatch::Began(const Step& step) {
  const std::string name = NameOf(step);
  if (name.empty() || attempts_.contains(name)) return;
  attempts_[name] = {.first_step = step.SerializeAsString(), .before = PartOf(name)};
}

bool UndoWatch::Undoing(const Step& step) {
  const auto attempt = attempts_.find(NameOf(step));
  if (attempt != attempts_.end()) attempt->second.undoing = true;
  if (planted_ != Planted::kForgetsUndo || !step.has_write_unit()) return true;
  Undone(step);
  return false;
}

void UndoWatch::Undone(const Step& step) {
  const std::string name = NameOf(step);
  const auto attempt = attempts_.find(name);
  if (attempt == attempts_.end() || attempt->second.first_step != step.SerializeAsString()) return;
  const std::string after = PartOf(name);
  ++compared_;
  if (after != attempt->second.before) {
    violation_(fmt::format("a failed attempt at {} left the host changed; before:\n{}after:\n{}",
                           name, attempt->second.before, after));
  }
  attempts_.erase(attempt);
}

void UndoWatch::Observed() {
  std::erase_if(attempts_, [](const auto& entry) { return !entry.second.undoing; });
}

// Of the routes: what is live or newer. Older generations go when a newer one is proven.
std::string UndoWatch::PartOf(const std::string& name) {
  const agents::InodePtr link = os_->tree().Find("/etc/nginx/reeve/current");
  const int64_t live =
      link == nullptr ? 0 : GenerationOf("/etc/nginx/reeve/" + link->content).value_or(0);
  std::string part;
  for (const std::string& line : Split(os_->Dump(), '\n')) {
    const bool old = GenerationOf(line).value_or(live) < live;
    const bool own_state = line.find("/var/lib/reeve-agent") != std::string::npos;
    if (line.find(name) != std::string::npos && !old && !own_state) part += Lasting(line) + "\n";
  }
  return part;
}

}  // namespace reeve::simulation
