// What has been begun on this host and not ended, on disk: each step and its receipt are synced
// before the step runs, so that whatever a crash interrupts can be undone.
//
// File: <state>/journal, records one after another: length (4 bytes, little endian), first 8 bytes
// of the SHA-256 of the payload, payload (a reeve.agent.v1.JournalRecord). A torn last record is of
// a step that never ran: it is dropped. Thread-compatible.
#pragma once

#include <absl/status/status.h>

#include <map>
#include <string>
#include <vector>

#include "agents/os/files.h"
#include "reeve/agent/v1/journal.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

class UndoJournal {
 public:
  using Intent = pb::JournalRecord::Intent;

  absl::Status Load(Root* root);

  // Synced when it returns OK; on an error the step must not run.
  absl::Status Begin(const std::string& lane, const pb::Step& step, const pb::Receipt& receipt);
  // The lane is complete, or nothing of it is left: it is not open any more. After an error it
  // still counts as open on disk, and the next start undoes it.
  absl::Status Close(const std::string& lane, bool done);

  // Lanes that are not closed, with their intents in the order in which they began.
  const std::map<std::string, std::vector<Intent>>& open() const { return open_; }

 private:
  absl::Status Append(const pb::JournalRecord& record);
  absl::Status Rewrite();

  Root* root_ = nullptr;
  uint64_t bytes_ = 0;  // Of the file.
  bool exists_ = false;
  bool torn_ = false;  // The end of the file cannot be trusted: rewrite it before the next record.
  std::map<std::string, std::vector<Intent>> open_;
};

}  // namespace reeve::agents
