// What this host was asked for and what it did about it, on disk: the host boots and serves from it
// alone.
//
// A Work is accepted by (epoch, uid, generation, content): an older generation is refused, and so
// is the same generation with other contents. Thread-compatible. File: <state>/ledger, the SHA-256
// of the rest in hex, a line end, a reeve.agent.v1.Ledger.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "agents/os/files.h"
#include "reeve/agent/v1/ledger.pb.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

class Ledger {
 public:
  using Entry = pb::Ledger::Entry;
  enum class Verdict { kAccepted, kUnchanged, kOlder, kConflict };

  // Reads what is there; nothing there is an empty ledger. DATA_LOSS when the file is damaged: it
  // is then kept aside as ledger.damaged, and the ledger is empty (what bears our marks is taken up
  // again as the Works come).
  absl::Status Load(Root* root);
  // Synced; writes nothing when nothing changed.
  absl::Status Save();

  Verdict Accept(const v1::Work& work);
  // A complete snapshot of the Works of this host. FAILED_PRECONDITION when it is older than what
  // was seen of the same store. Works that it does not name are to be removed; if those are
  // suspiciously many, none is, and `braked` says so: see vanishing.h. After a change of epoch
  // generations count anew, and nothing is removed. `accepted_epoch` is the one of which somebody
  // said that its deletions are meant.
  struct SnapshotResult {
    std::vector<std::string> refused;  // "key: why".
    int braked = 0;                    // Works that vanished and are kept.
    bool held = false;                 // They are until somebody says so.
  };
  absl::StatusOr<SnapshotResult> AcceptSnapshot(std::string_view epoch, int64_t revision,
                                                const std::vector<v1::Work>& works,
                                                std::string_view accepted_epoch = "");
  // The object is gone from the store: its things go too, and its entry with the last of them.
  void Vanished(const std::string& key);
  // Drops the entry of a Work of which nothing is left, here and in the store.
  void Forget(const std::string& key);

  const pb::Ledger& data() const { return data_; }
  Entry* Find(std::string_view key);
  pb::Ledger* mutable_data() { return &data_; }

 private:
  Entry* Insert(const std::string& key);
  void MoveAside(Entry* entry);
  int CountLiving() const;
  // Removes the entries of `vanished`, or does not.
  void JudgeAll(const std::vector<std::string>& vanished, int known, bool new_epoch,
                std::string_view epoch, std::string_view accepted_epoch, SnapshotResult* result);

  Root* root_ = nullptr;
  pb::Ledger data_;
  std::string saved_;  // What is on disk, without its revision.
};

// "namespace/name".
std::string WorkKey(const v1::Work& work);

// Of the deterministic encoding.
std::string HashOf(const v1::WorkSpec& spec);

// The spec that an entry wants on the host: the accepted one, or after a rejected update the last
// good one.
const v1::WorkSpec& EffectiveSpec(const pb::Ledger::Entry& entry);
const std::string& EffectiveHash(const pb::Ledger::Entry& entry);

// Of the user that `spec` makes by this name; 0 when it makes none.
uint32_t UidOf(const v1::WorkSpec& spec, std::string_view user);

// Of the user that its unit runs as; 0 without a unit.
uint32_t UidOfUnit(const v1::WorkSpec& spec);

// The things that a spec has made on a host, in its order.
std::vector<pb::Ledger::Item> ItemsOf(const v1::WorkSpec& spec);

// Adds what the wanted spec will make to the recorded items: before it is made.
void RecordItems(pb::Ledger::Entry* entry);

}  // namespace reeve::agents
