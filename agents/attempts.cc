#include "agents/attempts.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace reeve::agents {
namespace {

absl::Duration Pause(int failures) {
  absl::Duration pause = kBackoffMin;
  for (int i = 1; i < failures && pause < kBackoffMax; ++i) pause *= 2;
  return std::min(pause, kBackoffMax);
}

bool SameReason(const Attempt& a, const Attempt& b) {
  return a.reason == b.reason && a.message == b.message && a.hash == b.hash;
}

}  // namespace

bool Attempts::Failed(const std::string& work, Attempt attempt, Now now) {
  Attempt& known = attempts_[work];
  const bool news = !SameReason(known, attempt);
  attempt.failures = known.hash == attempt.hash ? known.failures + 1 : 1;
  attempt.retry_at = now.mono + Pause(attempt.failures);
  known = std::move(attempt);
  return news;
}

bool Attempts::Refused(const std::string& work, Attempt attempt) {
  Attempt& known = attempts_[work];
  const bool news = !SameReason(known, attempt);
  attempt.refused = true;
  known = std::move(attempt);
  return news;
}

void Attempts::Expect(const std::string& work, const std::string& hash) {
  const auto known = attempts_.find(work);
  if (known != attempts_.end() && known->second.hash != hash) attempts_.erase(known);
}

std::set<std::string> Attempts::Held(Now now) const {
  std::set<std::string> held;
  for (const auto& [work, attempt] : attempts_) {
    if (!attempt.refused && now.mono < attempt.retry_at) held.insert(work);
  }
  return held;
}

const Attempt* Attempts::Find(const std::string& work) const {
  const auto known = attempts_.find(work);
  return known == attempts_.end() ? nullptr : &known->second;
}

absl::Duration Attempts::NextRetry(absl::Duration passed) const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [work, attempt] : attempts_) {
    if (!attempt.refused && attempt.retry_at > passed) next = std::min(next, attempt.retry_at);
  }
  return next;
}

}  // namespace reeve::agents
