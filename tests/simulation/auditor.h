// Watches the store itself, below every component, and checks what must hold after every commit.
//
// Kept incrementally: revisions grow; every acknowledged write is in the log, also after a crash; a
// hostname, a port of a host and a uid have one holder; phases move along their table; generations
// never go back; an update replaces the version it was made from and no other; nothing goes before
// what it owns. Thread-compatible.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/names.h"
#include "reeve/v1/kinds.pb.h"
#include "store/store.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/network.h"

namespace reeve::simulation {

class Auditor {
 public:
  explicit Auditor(Kernel* kernel) : kernel_(kernel) {}

  // The store came up: first of all, or after a crash. What was there before must be there again.
  void Attach(store::Store* store);
  void Detach() { watcher_.reset(); }
  // Takes what was committed since.
  void Poll();
  // A client saw this write acknowledged. REQUIRES: attached.
  void Acknowledged(const Network::Acknowledged& write);
  // Told of every change that is no removal. `before` is null for a new object.
  using OnChange = std::function<void(const v1::Object* before, const v1::Object& after)>;
  void SetOnChange(OnChange on_change) { on_change_ = std::move(on_change); }

  void Violation(std::string what);
  const std::vector<std::string>& violations() const { return violations_; }
  // The revision of the last commit that was not only heartbeats.
  Revision last_durable() const { return last_durable_; }
  // The last revision there is.
  Revision last() const { return last_; }
  // What exists now.
  const std::map<ObjectKey, v1::Object>& objects() const { return objects_; }

 private:
  struct Commit {
    std::string digest;
    bool durable = false;
  };

  void Replay(store::Store* store);
  void Take(const store::Batch& batch);
  void TakeChange(const store::Change& change);
  void TakeAway(const ObjectKey& key);
  void CheckPreconditions(const Network::Acknowledged& write);
  void CheckOwned();
  void CheckObject(const v1::Object* before, const v1::Object& after);
  void CheckUnique();

  Kernel* const kernel_;
  std::unique_ptr<store::Watcher> watcher_;
  std::map<Revision, Commit> log_;
  std::map<ObjectKey, v1::Object> objects_;
  std::map<std::string, ObjectKey> by_store_key_;
  // Of objects that are being changed: what each claims, and who claims what.
  std::map<ObjectKey, std::set<std::string>> claims_of_;
  std::map<std::string, std::map<std::string, std::set<ObjectKey>>>
      holders_;                    // Claim -> holder's uid -> objects.
  std::set<std::string> touched_;  // Claims whose holders changed in this commit.
  // The revision of an object that a commit replaced.
  std::map<std::pair<ObjectKey, Revision>, Revision> replaced_;
  std::vector<v1::Object> gone_;  // In this commit.
  OnChange on_change_;
  Revision last_ = 0;
  Revision last_durable_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace reeve::simulation
