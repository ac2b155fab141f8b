#include "agents/agent.h"

#include <absl/strings/numbers.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "agents/observe.h"
#include "agents/step.h"
#include "agents/work_status.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/sha256.h"
#include "base/status.h"
#include "client/conditions.h"
#include "client/timestamps.h"
#include "proto/schema/plain.h"

namespace reeve::agents {
namespace {

using Entry = pb::Ledger::Entry;
using Item = pb::Ledger::Item;
using google::protobuf::util::MessageDifferencer;

// Users, build, route, remove, and again what these make possible; anything left waits for the next
// pass.
constexpr int kRoundsMax = 8;
// A status that could not be written is tried again after this.
constexpr absl::Duration kStatusRetry = absl::Seconds(2);

const Counter& PassesTotal() {
  static const Counter counter("reeve_agent_passes_total",
                               "Times the host was compared with what is wanted.");
  return counter;
}

const Counter& DriftsTotal() {
  static const Counter counter("reeve_agent_drifts_total",
                               "Things restored that somebody had changed.");
  return counter;
}

client::Informer::Options WorksOf(const AgentCore::Options& options, client::Client* client) {
  client::Informer::Options out;
  out.watcher = client;
  out.selector.set_kind("Work");
  out.selector.set_fields("spec.host=" + options.host);
  out.wake = options.wake;
  out.on_change = [](const v1::Object*, const v1::Object*) {};
  return out;
}

int64_t VersionOf(const v1::Work& work) {
  int64_t version = 0;
  return absl::SimpleAtoi(work.metadata().resource_version(), &version) ? version : 0;
}

// What was asked for last is on the host, or off it.
bool IsDone(const Entry& entry) {
  return entry.removing() ? entry.removed() : entry.applied_hash() == entry.spec_hash();
}

bool Wants(const Entry& entry, Item::Kind kind, const std::string& name) {
  return !entry.removing() &&
         std::ranges::any_of(ItemsOf(EffectiveSpec(entry)), [&](const Item& item) {
           return item.kind() == kind && item.name() == name;
         });
}

// Whether the lane makes a user that the Work wants, be it with others.
bool MakesUserOf(const pb::Lane& lane, const Entry& entry) {
  return std::ranges::any_of(lane.before(), [&](const pb::Step& step) {
    return step.has_ensure_user() && Wants(entry, Item::USER, step.ensure_user().name());
  });
}

// One CamelCase word for why a step failed.
std::string ReasonOf(const LaneResult& result) {
  if (!result.undone) return "RollbackFailed";
  if (absl::IsDeadlineExceeded(result.status)) return "Stalled";
  return result.work == kNginxLane ? "NginxFailed" : "ApplyFailed";
}

AgentCore::Deps WithProbes(AgentCore::Deps deps) {
  if (deps.probes == nullptr) deps.probes = std::make_unique<InlineProbes>(deps.host.net);
  return deps;
}

}  // namespace

AgentCore::AgentCore(Options options, Deps deps)
    : options_(std::move(options)),
      deps_(WithProbes(std::move(deps))),
      transaction_(&deps_.providers, &journal_),
      prober_(deps_.host.net, deps_.probes.get(), deps_.host.files, deps_.host.paths.content),
      events_(deps_.client, options_.host),
      reporter_(deps_.client, options_.host),
      informer_(WorksOf(options_, deps_.client)) {
  DriftsTotal();  // Declared before the first one.
}

absl::StatusOr<std::unique_ptr<AgentCore>> AgentCore::Start(Options options, Deps deps, Now now) {
  std::unique_ptr<AgentCore> core(new AgentCore(std::move(options), std::move(deps)));
  RETURN_IF_ERROR(core->Load(now));
  return core;
}

absl::Status AgentCore::Load(Now now) {
  ASSIGN_OR_RETURN(state_, deps_.host.files->Open(deps_.host.paths.state));
  const absl::Status loaded = ledger_.Load(state_.get());
  if (absl::IsDataLoss(loaded)) {
    Log(LogLevel::kError, "the ledger was damaged", {{"status", loaded.ToString()}});
  } else {
    RETURN_IF_ERROR(loaded);
  }
  RETURN_IF_ERROR(journal_.Load(state_.get()));
  facts_.version = options_.version;
  facts_.address = options_.address;
  ReadHostFacts(deps_.host.files, &facts_);
  TakeRecovered(transaction_.Recover(), now);
  SetProbeTargets(now);
  return absl::OkStatus();
}

void AgentCore::TakeRecovered(const std::vector<LaneResult>& results, Now now) {
  for (const LaneResult& result : results) {
    if (!result.undone)
      Blame(result.work, {.reason = "RollbackFailed", .message = Message(result.status)}, now);
  }
}

// --- From the control plane.

void AgentCore::Sync(Now now) {
  bool any = false;
  while (informer_.Poll(now)) any = true;
  if (any && informer_.synced()) Accept(now);
  events_.Flush();
}

void AgentCore::Accept(Now now) {
  std::vector<v1::Work> works;
  for (const auto& [key, object] : informer_.objects()) works.push_back(object.work());
  const std::string before = ledger_.data().SerializeAsString();
  const auto result = ledger_.AcceptSnapshot(informer_.epoch(), informer_.revision(), works,
                                             reporter_.accepted_epoch());
  if (!result.ok()) {
    Log(LogLevel::kError, "the control plane's Works are not taken",
        {{"status", result.status().ToString()}});
    return;
  }
  for (const std::string& refused : result->refused)
    Log(LogLevel::kWarning, "refused a Work", {{"work", refused}});
  facts_.vanished = result->braked;
  SetHeld(result->held, now);
  statuses_due_ = true;
  if (before == ledger_.data().SerializeAsString()) return;
  for (const Entry& entry : ledger_.data().entries())
    attempts_.Expect(entry.key(), entry.spec_hash());
  batch_.Add(now);
}

// A new epoch that lacks most of what runs here: people are told, and asked.
void AgentCore::SetHeld(bool held, Now now) {
  if (held == facts_.held) return;
  facts_.held = held;
  report_due_ = true;
  if (!held) return;
  events_.RecordOfHost(
      v1::EventSpec::Warning, "DeletionsHeld",
      fmt::format(
          "the store began a new epoch and lacks {} Works that run on host {}; they are kept "
          "until `ctl host accept-deletions {}`",
          facts_.vanished, options_.host, options_.host),
      now);
}

// --- One pass over the host.

// While changes come in, everything else waits for them too.
absl::Duration AgentCore::NextPass() const {
  if (batch_.waiting()) return batch_.DueAt();
  if (dirty_) return absl::ZeroDuration();
  return std::min({next_sweep_, attempts_.NextRetry(last_pass_), crashes_.NextRetry(last_pass_)});
}

void AgentCore::ProcessOne(Now now) {
  if (now.mono >= NextPass()) {
    report_due_ = now.mono >= next_sweep_ || report_due_;
    Pass(now);
  }
  const Prober::Changes changes = prober_.ProcessOne(now);
  if (changes.any) statuses_due_ = true;
  CheckHealth(now);
  if (changes.worse && !batch_.waiting()) Pass(now);  // The host may know why.
  if (statuses_due_) WriteStatuses(now);
  if (!report_due_ || !informer_.synced()) return;
  report_due_ = false;
  const absl::Status status =
      reporter_.Report(facts_, inventory_, ledger_.data(), deps_.host.paths, now);
  if (!status.ok())
    Log(LogLevel::kDebug, "the Host's status was not written", {{"status", status.ToString()}});
  if (facts_.held && reporter_.accepted_epoch() == informer_.epoch()) Accept(now);
}

absl::Duration AgentCore::NextWake(Now now) const {
  const absl::Duration due = std::min(NextPass(), prober_.NextDue());
  absl::Duration wait = std::min(due - now.mono, informer_.NextWake(now));
  if (statuses_due_) wait = std::min(wait, kStatusRetry);
  return std::max(wait, absl::ZeroDuration());
}

void AgentCore::Pass(Now now) {
  PassesTotal().Add();
  dirty_ = false;
  batch_.Clear();
  last_pass_ = now.mono;
  next_sweep_ = now.mono + options_.sweep;
  statuses_due_ = true;
  RestoreHost(now);
  if (!journal_.open().empty()) TakeRecovered(transaction_.Recover(), now);
  for (int i = 0; i < kRoundsMax; ++i) {
    if (!Round(now)) break;
  }
  SetProbeTargets(now);
  SaveLedger();
}

// What `join` made comes before all plans: without it there are no routes at all.
void AgentCore::RestoreHost(Now now) {
  facts_.restored = absl::OkStatus();
  for (const auto& provider : deps_.providers) {
    const absl::StatusOr<std::vector<std::string>> made = provider->Restore();
    if (!made.ok()) {
      Log(LogLevel::kError, "could not be restored",
          {{"provider", provider->name()}, {"status", made.status().ToString()}});
      facts_.restored.Update(made.status());
      continue;
    }
    for (const std::string& what : *made) {
      DriftsTotal().Add();
      events_.RecordOfHost(v1::EventSpec::Warning, "DriftRestored",
                           fmt::format("{} on host {}; restored", what, options_.host), now);
    }
  }
}

bool AgentCore::SaveLedger() {
  const absl::Status status = ledger_.Save();
  if (!status.ok() && status != ledger_status_) {
    Log(LogLevel::kError, "the ledger was not written", {{"status", status.ToString()}});
  }
  ledger_status_ = status;
  return status.ok();
}

// One stage. False when there is nothing more to do now.
bool AgentCore::Round(Now now) {
  absl::StatusOr<pb::Inventory> inventory = Observe(deps_.providers, deps_.host);
  facts_.observed = inventory.status();
  if (!inventory.ok()) {
    Log(LogLevel::kError, "the host cannot be seen completely; nothing is changed",
        {{"status", inventory.status().ToString()}});
    return false;
  }
  inventory_ = *std::move(inventory);
  LookForCrashes(now);
  const pb::Plan plan = MakeHostPlan({.ledger = &ledger_.data(),
                                      .inventory = &inventory_,
                                      .paths = &deps_.host.paths,
                                      .renderers = &deps_.renderers,
                                      .held = attempts_.Held(now),
                                      .resting = crashes_.Resting()});
  TakeRefusals(plan, now);
  Settle(plan, now);
  if (plan.stage() == pb::Plan::NOTHING) return false;
  Record(plan);
  if (!SaveLedger()) return false;  // It comes before the host changes.
  Log(LogLevel::kInfo, "applying", {{"plan", Describe(plan)}});
  for (const LaneResult& result : transaction_.Run(plan)) TakeResult(plan, result, now);
  return true;
}

void AgentCore::LookForCrashes(Now now) {
  for (const Entry& entry : ledger_.data().entries()) {
    for (const auto& artifact : EffectiveSpec(entry).artifacts()) {
      const auto unit =
          std::ranges::find(inventory_.units(), artifact.unit().name(), &pb::Inventory::Unit::name);
      if (!artifact.has_unit() || unit == inventory_.units().end()) continue;
      const Prober::Health* health = prober_.Find(entry.key());
      crashes_.Look(entry.key(),
                    {.hash = EffectiveHash(entry),
                     .healthy = health != nullptr && health->status == v1::Condition::True,
                     .unit = &*unit},
                    now);
    }
  }
}

// Whatever these lanes may make is recorded as this Work's before it is made.
void AgentCore::Record(const pb::Plan& plan) {
  for (Entry& entry : *ledger_.mutable_data()->mutable_entries()) {
    const bool concerned = plan.stage() == pb::Plan::ROUTE ||
                           std::ranges::any_of(plan.lanes(), [&](const pb::Lane& lane) {
                             return lane.work() == entry.key() || MakesUserOf(lane, entry);
                           });
    const bool refused = std::ranges::any_of(
        plan.refusals(), [&](const auto& r) { return r.work() == entry.key(); });
    if (concerned && !refused && !entry.removing()) RecordItems(&entry);
  }
}

void AgentCore::TakeRefusals(const pb::Plan& plan, Now now) {
  std::set<std::string> refused;
  for (const pb::Refusal& refusal : plan.refusals()) {
    const Entry* entry = ledger_.Find(refusal.work());
    refused.insert(refusal.work());
    const bool news = attempts_.Refused(refusal.work(), {.hash = entry->spec_hash(),
                                                         .reason = refusal.reason(),
                                                         .message = refusal.message(),
                                                         .artifact = refusal.artifact()});
    if (news)
      events_.Record(entry->work(), v1::EventSpec::Warning, refusal.reason(), refusal.message(),
                     now);
  }
  for (const Entry& entry : ledger_.data().entries()) {  // What stood in the way is gone.
    const Attempt* attempt = attempts_.Find(entry.key());
    if (attempt != nullptr && attempt->refused && !refused.contains(entry.key()))
      attempts_.Succeeded(entry.key());
  }
}

std::string AgentCore::WorkOfSite(const std::string& site) const {
  for (const Entry& entry : ledger_.data().entries()) {
    if (Wants(entry, Item::SITE, site)) return entry.key();
  }
  return "";
}

bool AgentCore::HasLiveRoute(const Entry& entry) const {
  return std::ranges::any_of(entry.items(), [&](const Item& item) {
    return item.kind() == Item::SITE &&
           std::ranges::any_of(inventory_.sites(),
                               [&](const auto& live) { return live.name() == item.name(); });
  });
}

// The Works whose route this generation would have changed.
std::vector<std::string> AgentCore::WorksOfSites(const pb::Step::StageSites& stage) const {
  std::vector<std::string> works;
  for (const auto& site : stage.sites()) {
    const bool same = std::ranges::any_of(inventory_.sites(), [&](const auto& live) {
      return live.name() == site.name() && live.file().sha256() == Sha256Hex(site.content());
    });
    if (!same) works.push_back(WorkOfSite(site.name()));
  }
  for (const Entry& entry : ledger_.data().entries()) {  // Whose routes are to go.
    if (entry.removing() && HasLiveRoute(entry)) works.push_back(entry.key());
  }
  return works;
}

std::vector<std::string> AgentCore::WorksOfUser(const std::string& user) const {
  std::vector<std::string> works;
  for (const Entry& entry : ledger_.data().entries()) {
    if (Wants(entry, Item::USER, user)) works.push_back(entry.key());
  }
  return works;
}

// What waits when this lane of the plan fails: a Work, or all that need what the lane makes.
std::vector<std::string> AgentCore::ConcernedBy(const pb::Plan& plan,
                                                const std::string& name) const {
  std::vector<std::string> works;
  for (const pb::Lane& lane : plan.lanes()) {
    if (lane.work() != name) continue;
    for (const pb::Step& step : lane.before()) {
      if (step.has_stage_sites()) works = WorksOfSites(step.stage_sites());
      if (step.has_ensure_user()) works = WorksOfUser(step.ensure_user().name());
    }
  }
  if (works.empty() || name == kNginxLane) works.push_back(name);
  return works;
}

void AgentCore::Blame(const std::string& work, Attempt attempt, Now now) {
  const Entry* entry = ledger_.Find(work);
  attempt.message = client::FirstLine(attempt.message);
  if (entry != nullptr) attempt.hash = entry->spec_hash();
  Log(LogLevel::kWarning, "could not be applied",
      {{"work", work}, {"reason", attempt.reason}, {"message", attempt.message}});
  const bool news = attempts_.Failed(work, attempt, now);
  if (news && entry != nullptr) {
    events_.Record(entry->work(), v1::EventSpec::Warning, attempt.reason, attempt.message, now);
  }
}

void AgentCore::TakeFailure(const pb::Plan& plan, const LaneResult& result, Now now) {
  const Attempt attempt = {.reason = ReasonOf(result),
                           .message = Message(result.status),
                           .artifact = result.failed_artifact};
  for (const std::string& work : ConcernedBy(plan, result.work)) Blame(work, attempt, now);
}

void AgentCore::TakeResult(const pb::Plan& plan, const LaneResult& result, Now now) {
  if (!result.status.ok()) return TakeFailure(plan, result, now);
  attempts_.Succeeded(result.work);
  for (const auto& quarantined : result.quarantined) {
    const std::string work = WorkOfSite(quarantined.site());
    std::string artifact;
    if (const Entry* entry = ledger_.Find(work)) {
      for (const Item& item : entry->items()) {
        if (item.name() == quarantined.site()) artifact = item.artifact();
      }
    }
    Blame(work, {.reason = "NginxTestFailed", .message = quarantined.error(), .artifact = artifact},
          now);
  }
  if (Entry* entry = ledger_.Find(result.work)) {
    for (Item& item : *entry->mutable_items()) {
      const auto receipt = result.receipts.find(item.artifact());
      if (receipt != result.receipts.end() && item.receipt() == pb::Receipt::NONE)
        item.set_receipt(receipt->second);
    }
  }
  TellDrifts(plan, result, now);
}

void AgentCore::TellDrifts(const pb::Plan& plan, const LaneResult& result, Now now) {
  for (const pb::Drift& drift : plan.drifts()) {
    if (drift.work() != result.work && result.work != kNginxLane) continue;
    const Entry* entry = ledger_.Find(drift.work());
    if (entry == nullptr && !drift.work().empty()) continue;
    DriftsTotal().Add();
    const std::string text = fmt::format("{} on host {}; restored", drift.what(), options_.host);
    if (entry == nullptr) {
      events_.RecordOfHost(v1::EventSpec::Warning, "DriftRestored", text, now);
    } else {
      events_.Record(entry->work(), v1::EventSpec::Warning, "DriftRestored", text, now);
    }
  }
}

// --- What is as wanted, and what is gone.

void AgentCore::Settle(const pb::Plan& plan, Now now) {
  for (const std::string& key : plan.settled()) {
    attempts_.Succeeded(key);
    SettleEntry(ledger_.Find(key), now);
  }
  for (const std::string& key : plan.gone()) {
    Entry* entry = ledger_.Find(key);
    entry->set_removed(true);
    entry->clear_items();
    entry->clear_applied_hash();
    attempts_.Succeeded(key);
    crashes_.Forget(key);
    const bool in_store = std::ranges::any_of(informer_.objects(), [&](const auto& known) {
      return WorkKey(known.second.work()) == key;
    });
    if (informer_.synced() && !in_store) ledger_.Forget(key);
  }
}

// Records the bytes and the run that are there now: later differences from them are somebody
// else's.
void AgentCore::SettleEntry(Entry* entry, Now now) {
  if (entry->applied_hash() != EffectiveHash(*entry)) {
    entry->set_applied_hash(EffectiveHash(*entry));
    entry->clear_healthy_since();
    client::SetTime(entry->mutable_applied_time(), now.wall);
  }
  entry->set_applied_generation(entry->work().metadata().generation());
  RecordItems(entry);
  const std::vector<Item> wanted = ItemsOf(EffectiveSpec(*entry));
  for (Item& item : *entry->mutable_items()) {
    for (const auto& unit : inventory_.units()) {
      if (item.kind() != Item::UNIT || unit.name() != item.name()) continue;
      item.set_sha256(unit.file().sha256());
      item.set_invocation_id(unit.invocation_id());
    }
    for (const auto& site : inventory_.sites()) {
      if (item.kind() == Item::SITE && site.name() == item.name())
        item.set_sha256(site.file().sha256());
    }
  }
}

// --- Health.

void AgentCore::SetProbeTargets(Now now) {
  std::vector<Prober::Target> targets;
  for (const Entry& entry : ledger_.data().entries()) {
    const v1::Artifact::Probe* probe = FindProbe(EffectiveSpec(entry));
    if (probe == nullptr || entry.removing() || entry.applied_hash() != EffectiveHash(entry))
      continue;
    Prober::Target target = {.work = entry.key(),
                             .hash = EffectiveHash(entry),
                             .probe = *probe,
                             .uid = UidOfUnit(EffectiveSpec(entry))};
    if (entry.has_healthy_since()) target.healthy_since = client::ToTime(entry.healthy_since());
    targets.push_back(std::move(target));
  }
  prober_.SetTargets(targets, now);
}

void AgentCore::CheckHealth(Now now) {
  for (Entry& entry : *ledger_.mutable_data()->mutable_entries()) {
    const Prober::Health* health = prober_.Find(entry.key());
    // Else it is of the former spec.
    const bool is_applied = entry.applied_hash() == EffectiveHash(entry);
    if (health != nullptr && is_applied) TakeHealth(&entry, *health, now);
  }
  SaveLedger();
}

void AgentCore::TakeHealth(Entry* entry, const Prober::Health& health, Now now) {
  if (health.healthy_since) {
    client::SetTime(entry->mutable_healthy_since(), *health.healthy_since);
  } else {
    entry->clear_healthy_since();
  }
  const bool went_back = &EffectiveSpec(*entry) != &entry->work().spec();
  if (went_back) return;
  if (health.status == v1::Condition::True) {
    if (entry->good_hash() == entry->spec_hash()) return;
    *entry->mutable_good_spec() = entry->work().spec();
    entry->set_good_hash(entry->spec_hash());
    return;
  }
  const absl::Duration start_period = ProbeStartPeriod(FindProbe(entry->work().spec())->check());
  const bool can_go_back = !entry->good_hash().empty() && entry->good_hash() != entry->spec_hash();
  if (health.was_healthy || !can_go_back || now.mono - health.since < start_period) return;
  entry->set_rejected_hash(entry->spec_hash());
  events_.Record(
      entry->work(), v1::EventSpec::Warning, "RolledBack",
      fmt::format("not healthy within {}: {}", absl::FormatDuration(start_period), health.message),
      now);
  dirty_ = true;
}

// --- To the control plane.

void AgentCore::WriteStatuses(Now now) {
  if (!informer_.synced()) return;
  statuses_due_ = false;
  for (const auto& [key, object] : informer_.objects()) WriteStatus(object.work(), now);
}

void AgentCore::WriteStatus(const v1::Work& work, Now now) {
  const std::string key = WorkKey(work);
  const Entry* entry = ledger_.Find(key);
  if (entry == nullptr || entry->work().metadata().uid() != work.metadata().uid()) return;
  if (batch_.waiting() && !IsDone(*entry)) return;  // It is told when it is done.
  const auto written = written_.find(key);
  if (written != written_.end() && VersionOf(work) >= VersionOf(written->second))
    written_.erase(key);
  const auto newer = written_.find(key);
  const v1::Work& known = newer == written_.end() ? work : newer->second;
  v1::WorkStatus status = MakeWorkStatus({.entry = entry,
                                          .attempt = attempts_.Find(key),
                                          .health = prober_.Find(key),
                                          .crash = crashes_.Find(key)},
                                         known.status(), now.wall);
  schema::MakePlain(&status);
  if (MessageDifferencer::Equals(status, known.status())) return;
  v1::UpdateRequest update;
  *update.mutable_object()->mutable_work() = known;
  *update.mutable_object()->mutable_work()->mutable_status() = status;
  const absl::StatusOr<v1::Object> answer = deps_.client->UpdateStatus(update);
  if (answer.ok()) {
    written_[key] = answer->work();
    return;
  }
  written_.erase(key);
  statuses_due_ = true;
  if (!absl::IsAborted(answer.status())) {
    Log(LogLevel::kDebug, "a status was not written",
        {{"work", key}, {"status", answer.status().ToString()}});
  }
}

}  // namespace reeve::agents
