#include "apiserver/delete_budget.h"

#include <iterator>

#include "base/status.h"

namespace reeve::apiserver {
namespace {

constexpr absl::Duration kWhile = absl::Minutes(1);

}  // namespace

void DeleteBudget::ForgetLocked(absl::Duration now) {
  for (auto entry = taken_.begin(); entry != taken_.end();) {
    std::deque<absl::Duration>& times = entry->second;
    while (!times.empty() && times.front() + kWhile <= now) times.pop_front();
    entry = times.empty() ? taken_.erase(entry) : std::next(entry);
  }
}

absl::Status DeleteBudget::Ask(const Identity& who, const ObjectKey& key, size_t more,
                               absl::Duration now) {
  MutexLock lock(&mu_);
  ForgetLocked(now);
  const auto found = taken_.find({who.name, key.kind, key.ns});
  const size_t taken = found == taken_.end() ? 0 : found->second.size();
  if (taken + more <= max_) return absl::OkStatus();
  return PermissionDenied(
      "too much would be deleted: {} deleted {} objects of kind {} in namespace {} within a "
      "minute, and {} more would pass the {} allowed; if it is meant, annotate the namespace with "
      "{}=allowed, and take that away afterwards",
      who.name, taken, key.kind, key.ns, more, max_, kMassDeletionAnnotation);
}

void DeleteBudget::Take(const Identity& who, const ObjectKey& key, absl::Duration now) {
  MutexLock lock(&mu_);
  taken_[{who.name, key.kind, key.ns}].push_back(now);
}

}  // namespace reeve::apiserver
