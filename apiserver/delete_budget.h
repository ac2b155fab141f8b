// How much people may delete in a while before they must say that they mean it: against a selector
// that matched too much, a script in a loop, a prune of the wrong directory.
//
// Counted for each person, kind and namespace over the last minute. It is about people: controllers
// and hosts have brakes of their own. A namespace whose annotation `reeve/mass-deletion` is
// "allowed" has no such bound; deleting the namespace itself is one deletion. Kept in memory: a
// restart begins anew. Thread safety: safe.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "apiserver/identity.h"
#include "base/mutex.h"
#include "base/names.h"

namespace reeve::apiserver {

inline constexpr std::string_view kMassDeletionAnnotation = "reeve/mass-deletion";

class DeleteBudget {
 public:
  explicit DeleteBudget(size_t max) : max_(max) {}

  // PERMISSION_DENIED when `more` deletions at `now` would be too many. Asking does not count.
  absl::Status Ask(const Identity& who, const ObjectKey& key, size_t more, absl::Duration now);
  void Take(const Identity& who, const ObjectKey& key, absl::Duration now);

 private:
  using Whose = std::tuple<std::string, std::string, std::string>;  // Person, kind, namespace.
  void ForgetLocked(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t max_;
  Mutex mu_;
  std::map<Whose, std::deque<absl::Duration>> taken_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::apiserver
