#include "agents/work_status.h"

#include "agents/ledger.h"
#include "client/conditions.h"
#include "client/timestamps.h"

namespace reeve::agents {
namespace {

using Entry = pb::Ledger::Entry;

bool WentBack(const Entry& entry) { return &EffectiveSpec(entry) != &entry.work().spec(); }

bool IsApplied(const Entry& entry) {
  return !WentBack(entry) && entry.applied_hash() == entry.spec_hash();
}

v1::WorkStatus::State StateOf(const WorkFacts& facts) {
  if (facts.entry->removed()) return v1::WorkStatus::Removed;
  if (facts.attempt != nullptr)
    return facts.attempt->refused ? v1::WorkStatus::Refused : v1::WorkStatus::Failed;
  if (facts.entry->removing()) return v1::WorkStatus::Pending;
  if (WentBack(*facts.entry)) return v1::WorkStatus::Failed;
  return IsApplied(*facts.entry) ? v1::WorkStatus::Applied : v1::WorkStatus::Pending;
}

client::Finding AppliedFinding(const WorkFacts& facts) {
  const Entry& entry = *facts.entry;
  using C = v1::Condition;
  if (entry.removed())
    return {client::kApplied, C::False, "Removed", "nothing of it is left on the host"};
  if (facts.attempt != nullptr)
    return {client::kApplied, C::False, facts.attempt->reason, facts.attempt->message};
  if (entry.removing()) return {client::kApplied, C::False, "Removing", ""};
  if (WentBack(entry)) {
    return {client::kApplied, C::False, "RolledBack",
            "it did not become healthy in time; the host went back to the former version"};
  }
  if (IsApplied(entry)) return {client::kApplied, C::True, "Applied", ""};
  return {client::kApplied, C::False, "Pending", "not applied yet"};
}

client::Finding HealthyFinding(const WorkFacts& facts) {
  const Prober::Health& health = *facts.health;
  const bool crashes = facts.crash != nullptr && facts.crash->looping;
  if (crashes && health.status == v1::Condition::False)
    return {client::kHealthy, health.status, "CrashLoop", Crashes::Message(*facts.crash)};
  return {client::kHealthy, health.status, health.reason, client::FirstLine(health.message)};
}

v1::ArtifactStatus::Receipt ReceiptOf(const Entry& entry, const std::string& artifact) {
  for (const auto& item : entry.items()) {
    if (item.artifact() != artifact) continue;
    if (item.receipt() == pb::Receipt::CREATED) return v1::ArtifactStatus::CreatedByUs;
    if (item.receipt() == pb::Receipt::ALREADY_THERE) return v1::ArtifactStatus::AlreadyThere;
    if (item.receipt() == pb::Receipt::CHANGED) return v1::ArtifactStatus::ChangedByUs;
  }
  return v1::ArtifactStatus::None;
}

v1::ArtifactStatus ArtifactStatusOf(const WorkFacts& facts, const v1::Artifact& artifact) {
  const Entry& entry = *facts.entry;
  v1::ArtifactStatus status;
  status.set_id(artifact.id());
  status.set_receipt(ReceiptOf(entry, artifact.id()));
  const bool failed = facts.attempt != nullptr && facts.attempt->artifact == artifact.id();
  if (entry.removed()) {
    status.set_state("Removed");
  } else if (failed) {
    status.set_state("Failed");
    status.set_message(facts.attempt->message);
  } else if (facts.attempt != nullptr && facts.attempt->artifact.empty()) {
    status.set_state("Failed");
  } else {
    status.set_state(IsApplied(entry) ? "Applied" : "Pending");
  }
  return status;
}

}  // namespace

const v1::Artifact::Probe* FindProbe(const v1::WorkSpec& spec) {
  for (const auto& artifact : spec.artifacts()) {
    if (artifact.has_probe()) return &artifact.probe();
  }
  return nullptr;
}

v1::WorkStatus MakeWorkStatus(const WorkFacts& facts, const v1::WorkStatus& before,
                              absl::Time now) {
  const Entry& entry = *facts.entry;
  const int64_t generation = entry.work().metadata().generation();
  v1::WorkStatus status = before;
  status.set_state(StateOf(facts));
  status.set_observed_generation(generation);
  status.set_applied_hash(entry.applied_hash());
  status.clear_artifacts();
  for (const auto& artifact : entry.work().spec().artifacts())
    *status.add_artifacts() = ArtifactStatusOf(facts, artifact);
  client::SetCondition(status.mutable_conditions(), AppliedFinding(facts), generation, now);
  status.clear_healthy_since();
  if (facts.health == nullptr || entry.removing()) {
    client::DropCondition(status.mutable_conditions(), client::kHealthy);
    return status;
  }
  client::SetCondition(status.mutable_conditions(), HealthyFinding(facts), generation, now);
  if (facts.health->healthy_since)
    client::SetTime(status.mutable_healthy_since(), *facts.health->healthy_since);
  return status;
}

}  // namespace reeve::agents
