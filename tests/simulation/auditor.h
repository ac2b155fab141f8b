// Watches the store itself, below every component, and checks what must hold after every commit.
//
// Kept incrementally: revisions grow; every acknowledged write is in the log, also after a crash; a
// hostname, a port of a host and a uid have one holder; phases move along their table; generations
// never go back, and no status speaks of one that does not exist. Thread-compatible.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/names.h"
#include "reeve/v1/kinds.pb.h"
#include "store/store.h"
#include "tests/simulation/kernel.h"

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
  void Acknowledged(const v1::Object& object, bool gone);

  void Violation(std::string what);
  const std::vector<std::string>& violations() const { return violations_; }
  // The revision of the last commit that was not only heartbeats.
  Revision last_durable() const { return last_durable_; }
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
  Revision last_ = 0;
  Revision last_durable_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace reeve::simulation
