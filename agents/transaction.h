// Runs a plan: each lane's steps all succeed, or those that were begun are undone and the other
// lanes go on.
//
// After a crash at any point Recover undoes what was begun and not ended, so that every lane ends
// done or as before. A lane whose undo fails stays open in the journal: it is tried again by the
// next Recover, and must not be run before. Thread-compatible; owns no thread and no clock.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agents/provider.h"
#include "agents/undo_journal.h"
#include "reeve/agent/v1/plan.pb.h"

namespace reeve::agents {

struct LaneResult {
  std::string work;  // The lane's.
  absl::Status status;
  std::string failed_artifact;  // Of the step that failed.
  bool undone = true;           // False: the undo failed too; `status` says both.
  std::map<std::string, pb::Receipt::Kind>
      receipts;  // By artifact: of its first step that changed something.
  std::vector<pb::StepReport::Quarantined> quarantined;
};

class Transaction {
 public:
  // Both outlive it; the journal is loaded.
  Transaction(const Providers* providers, UndoJournal* journal)
      : providers_(*providers), journal_(*journal) {}

  std::vector<LaneResult> Run(const pb::Plan& plan);

  // Undoes every open lane. Results only of lanes that were open.
  std::vector<LaneResult> Recover();

 private:
  struct Lane;
  void RunSteps(const google::protobuf::RepeatedPtrField<pb::Step>& steps, Lane* lane);
  absl::Status RunStep(const pb::Step& step, Lane* lane);
  void ReloadOnce(std::vector<Lane>* lanes);
  void Finish(Lane* lane);
  absl::Status UndoLane(const std::string& lane);
  absl::StatusOr<HostProvider*> ProviderOf(const pb::Step& step) const;

  const Providers& providers_;
  UndoJournal& journal_;
};

}  // namespace reeve::agents
