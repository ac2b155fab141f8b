// Namespaces as they were when somebody last wrote into them, decoded: so that a write need not
// read and decode its namespace again.
//
// What is remembered may be out of date. Whoever decides by it makes its revision a precondition of
// what is committed, and decides again on a fresh view when that fails. Only namespaces without a
// quota that are not ending are remembered: those refuse nothing, so that nobody is refused by what
// is no longer so.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <string>

#include "apiserver/object_io.h"
#include "base/mutex.h"

namespace reeve::apiserver {

// Thread safety: safe.
class NamespaceMemory {
 public:
  // nullptr: not remembered.
  std::shared_ptr<const Message> Recall(const std::string& name) const;
  // Nothing when the namespace is one that may refuse.
  void Remember(const std::string& name, const Message& ns);
  void Forget();

 private:
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Message>> known_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::apiserver
