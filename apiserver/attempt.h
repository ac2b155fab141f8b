// One try at a request: a view, what was read of it, and the transaction that is being put
// together.
//
// What Find returns stays valid while the attempt lives, and includes what was staged. Everything
// that was read and decided on becomes a precondition, so that a commit means the decision still
// held. Thread-compatible.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "apiserver/namespace_memory.h"
#include "apiserver/object_io.h"
#include "base/names.h"
#include "store/store.h"

namespace reeve::apiserver {

class Attempt {
 public:
  // `memory` may be null; else it outlives this.
  Attempt(std::unique_ptr<store::ReadView> view, const schema::KindRegistry* kinds,
          NamespaceMemory* memory);

  const schema::KindRegistry& kinds() const { return *kinds_; }
  const store::ReadView& view() const { return *view_; }

  // nullptr when there is none. Carries its resourceVersion.
  absl::StatusOr<const Message*> Find(const ObjectKey& key);

  // The namespace to put something into, perhaps as it was a moment ago: REQUIRES that its revision
  // is made a precondition of what is decided by it.
  absl::StatusOr<const Message*> FindNamespace(const std::string& name);

  // Lets Find see `object` as it will be, before it is staged. Like what is staged, it must stay
  // where it is until the last Find.
  void Preview(const Message& object);
  // Stages `after` in the place of `before` (nullptr: it must be absent); nullptr as `after`
  // removes it. REQUIRES: `before` came from Find; one call for each key.
  void Stage(const Message* before, const Message* after);
  // Adds to the transaction: a bare precondition, a bare write.
  void Require(store::Precondition precondition);
  void Write(store::Write write) { txn_.writes.push_back(std::move(write)); }

  // What was put together, to be committed in the name of `author` at `time`. Not durable when
  // everything in it is of ephemeral kinds. Passes when the store has no room if all of it is a
  // heartbeat, a removal, or a change of what is being deleted.
  store::Txn TakeTxn(absl::Time time, const std::string& author);
  bool empty() const { return txn_.writes.empty(); }

 private:
  const std::unique_ptr<store::ReadView> view_;
  const schema::KindRegistry* const kinds_;
  NamespaceMemory* const memory_;
  std::map<std::string, std::shared_ptr<const Message>> recalled_;
  std::map<ObjectKey, ObjectPtr> found_;  // A null pointer: looked for, not there.
  std::map<ObjectKey, const Message*> staged_;
  std::set<std::string> required_;  // Keys that have their precondition.
  bool durable_ = false;
  bool grows_ = false;
  store::Txn txn_;
};

}  // namespace reeve::apiserver
