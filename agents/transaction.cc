#include "agents/transaction.h"

#include <ranges>

#include "agents/step.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

const Counter& StepsTotal() {
  static const Counter counter("reeve_agent_steps_total",
                               "Steps run on the host, by provider and result.");
  return counter;
}

}  // namespace

struct Transaction::Lane {
  const pb::Lane* lane;
  LaneResult result;
};

absl::StatusOr<HostProvider*> Transaction::ProviderOf(const pb::Step& step) const {
  for (const auto& provider : providers_) {
    if (provider->Runs(step)) return provider.get();
  }
  return Internal("no provider runs the step: {}", Describe(step));
}

absl::Status Transaction::RunStep(const pb::Step& step, Lane* lane) {
  ASSIGN_OR_RETURN(HostProvider * provider, ProviderOf(step));
  ASSIGN_OR_RETURN(const pb::Receipt receipt, provider->Prepare(step));
  if (!lane->lane->forward()) RETURN_IF_ERROR(journal_.Begin(lane->lane->work(), step, receipt));
  pb::StepReport report;
  const absl::Status status = provider->Do(step, receipt, &report);
  StepsTotal().Add(
      {{"provider", std::string(provider->name())}, {"result", status.ok() ? "success" : "error"}});
  RETURN_IF_ERROR(status);
  if (receipt.kind() != pb::Receipt::NONE)
    lane->result.receipts.try_emplace(step.artifact(), receipt.kind());
  for (auto& quarantined : *report.mutable_quarantined())
    lane->result.quarantined.push_back(std::move(quarantined));
  return absl::OkStatus();
}

void Transaction::RunSteps(const google::protobuf::RepeatedPtrField<pb::Step>& steps, Lane* lane) {
  for (const pb::Step& step : steps) {
    if (!lane->result.status.ok()) return;
    lane->result.status = Annotate(RunStep(step, lane), Describe(step));
    if (lane->result.status.ok()) continue;
    lane->result.failed_artifact = step.artifact();
    Finish(lane);
  }
}

// One for the whole batch. Without it no lane may go on.
void Transaction::ReloadOnce(std::vector<Lane>* lanes) {
  pb::Step step;
  step.mutable_daemon_reload();
  const absl::StatusOr<HostProvider*> provider = ProviderOf(step);
  pb::StepReport report;
  const absl::Status status =
      provider.ok() ? (*provider)->Do(step, pb::Receipt(), &report) : provider.status();
  if (status.ok()) return;
  for (Lane& lane : *lanes) {
    if (!lane.result.status.ok()) continue;
    lane.result.status = Annotate(status, Describe(step));
    Finish(&lane);
  }
}

// A lane that failed is undone at once; one that succeeded is closed.
void Transaction::Finish(Lane* lane) {
  if (lane->lane->forward()) return;
  LaneResult& result = lane->result;
  if (!result.status.ok()) {
    const absl::Status undone = UndoLane(result.work);
    result.undone = undone.ok();
    if (!undone.ok())
      result.status =
          Annotate(result.status, fmt::format("the undo failed too ({}) after", Message(undone)));
    return;
  }
  const absl::Status closed = journal_.Close(result.work, /*done=*/true);
  if (closed.ok()) return;
  // On disk the lane is open, and a restart would undo it: so it is undone now.
  result.status = closed;
  result.undone = UndoLane(result.work).ok();
}

std::vector<LaneResult> Transaction::Run(const pb::Plan& plan) {
  std::vector<Lane> lanes;
  for (const pb::Lane& lane : plan.lanes())
    lanes.push_back({.lane = &lane, .result = {.work = lane.work()}});
  for (Lane& lane : lanes) RunSteps(lane.lane->before(), &lane);
  if (plan.daemon_reload()) ReloadOnce(&lanes);
  for (Lane& lane : lanes) {
    RunSteps(lane.lane->after(), &lane);
    if (lane.result.status.ok()) Finish(&lane);
  }
  std::vector<LaneResult> results;
  for (Lane& lane : lanes) results.push_back(std::move(lane.result));
  return results;
}

absl::Status Transaction::UndoLane(const std::string& lane) {
  const auto open = journal_.open().find(lane);
  if (open == journal_.open().end()) return absl::OkStatus();
  for (const UndoJournal::Intent& intent : std::views::reverse(open->second)) {
    ASSIGN_OR_RETURN(HostProvider * provider, ProviderOf(intent.step()));
    RETURN_IF_ERROR(Annotate(provider->Undo(intent.step(), intent.receipt()),
                             "undoing: " + Describe(intent.step())));
  }
  return journal_.Close(lane, /*done=*/false);
}

std::vector<LaneResult> Transaction::Recover() {
  std::vector<std::string> names;
  for (const auto& [lane, intents] : journal_.open()) names.push_back(lane);
  std::vector<LaneResult> results;
  for (const std::string& name : names) {
    const absl::Status status = UndoLane(name);
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kError,
        "undid what an unfinished attempt had begun",
        {{"work", name}, {"status", status.ToString()}});
    results.push_back({.work = name, .status = status, .undone = status.ok()});
  }
  return results;
}

}  // namespace reeve::agents
