// The agent of one host: takes its Works, compares them with what is there, makes it so, and tells
// what it did.
//
// No thread and no clock: Sync takes what has arrived from the control plane, ProcessOne does what
// is due. What was accepted is on disk before it is acted on; without the control plane the host
// goes on as it was told last. Of a host that cannot be seen completely nothing is changed.
// Thread-compatible.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agents/attempts.h"
#include "agents/batch.h"
#include "agents/crashes.h"
#include "agents/events.h"
#include "agents/host_plan.h"
#include "agents/host_reporter.h"
#include "agents/ledger.h"
#include "agents/prober.h"
#include "agents/provider.h"
#include "agents/transaction.h"
#include "agents/undo_journal.h"
#include "base/clock.h"
#include "client/client.h"
#include "client/informer.h"

namespace reeve::agents {

class AgentCore {
 public:
  struct Options {
    std::string host;     // Its name.
    std::string address;  // At which others reach it; reported.
    std::string version;
    // How often the host is looked at when nothing else gives a reason.
    absl::Duration sweep = absl::Minutes(1);
    // From any thread, when Sync may have something to do.
    std::function<void()> wake = [] {};
  };
  struct Deps {
    client::Client* client = nullptr;
    Host host;
    Providers providers;
    Renderers renderers;
    std::unique_ptr<ProbeRunner> probes;  // nullptr: probes are made in ProcessOne.
  };

  // Reads ledger and journal from the state directory, which exists, and undoes what a crash
  // interrupted.
  static absl::StatusOr<std::unique_ptr<AgentCore>> Start(Options options, Deps deps, Now now);

  void Sync(Now now);
  void ProcessOne(Now now);
  // How long ProcessOne may wait when no `wake` comes.
  absl::Duration NextWake(Now now) const;

  const pb::Ledger& ledger() const { return ledger_.data(); }
  // The Works of this host were seen completely at least once since the start.
  bool synced() const { return informer_.synced(); }

 private:
  AgentCore(Options options, Deps deps);

  absl::Status Load(Now now);
  void Accept(Now now);
  void SetHeld(bool held, Now now);
  absl::Duration NextPass() const;
  void Pass(Now now);
  void RestoreHost(Now now);
  bool Round(Now now);
  void LookForCrashes(Now now);
  bool SaveLedger();  // Complains once.
  void Record(const pb::Plan& plan);
  void TakeRefusals(const pb::Plan& plan, Now now);
  void TakeResult(const pb::Plan& plan, const LaneResult& result, Now now);
  void TakeFailure(const pb::Plan& plan, const LaneResult& result, Now now);
  std::vector<std::string> ConcernedBy(const pb::Plan& plan, const std::string& name) const;
  void TakeRecovered(const std::vector<LaneResult>& results, Now now);
  void Blame(const std::string& work, Attempt attempt, Now now);
  void TellDrifts(const pb::Plan& plan, const LaneResult& result, Now now);
  void Settle(const pb::Plan& plan, Now now);
  void SettleEntry(pb::Ledger::Entry* entry, Now now);
  void SetProbeTargets(Now now);
  void CheckHealth(Now now);
  void TakeHealth(pb::Ledger::Entry* entry, const Prober::Health& health, Now now);
  void WriteStatuses(Now now);
  void WriteStatus(const v1::Work& work, Now now);
  bool HasLiveRoute(const pb::Ledger::Entry& entry) const;
  std::vector<std::string> WorksOfSites(const pb::Step::StageSites& stage) const;
  std::vector<std::string> WorksOfUser(const std::string& user) const;
  std::string WorkOfSite(const std::string& site) const;

  const Options options_;
  Deps deps_;
  HostFacts facts_;
  std::unique_ptr<Root> state_;
  Ledger ledger_;
  UndoJournal journal_;
  Transaction transaction_;
  Attempts attempts_;
  Crashes crashes_;
  Prober prober_;
  Events events_;
  HostReporter reporter_;
  client::Informer informer_;
  pb::Inventory inventory_;  // As last seen.
  // Statuses that the server has taken and the informer has not shown yet, by key.
  std::map<std::string, v1::Work> written_;
  absl::Status ledger_status_;
  Batch batch_;  // What was accepted and not yet done.
  bool dirty_ = true;
  bool statuses_due_ = true;
  bool report_due_ = false;
  absl::Duration last_pass_ = absl::ZeroDuration();
  absl::Duration next_sweep_ = absl::ZeroDuration();
};

}  // namespace reeve::agents
