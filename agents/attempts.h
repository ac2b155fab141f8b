// Which Works could not be applied, why, and when they are tried again.
//
// The pause doubles with every failure of the same spec and is forgotten when the spec changes.
// Kept in memory only: after a restart everything is tried once. Thread-compatible.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <set>
#include <string>

#include "base/clock.h"

namespace reeve::agents {

struct Attempt {
  std::string hash;      // Of the spec that was tried.
  std::string reason;    // One CamelCase word.
  std::string message;   // One line.
  std::string artifact;  // Its id; empty: the Work as a whole.
  bool refused = false;  // Nothing was touched.
  int failures = 0;
  absl::Duration retry_at = absl::ZeroDuration();  // On the monotonic clock.
};

class Attempts {
 public:
  // Counts a failure and sets when to try again. Returns whether it is another failure than the
  // last one: worth an Event.
  bool Failed(const std::string& work, Attempt attempt, Now now);
  // Looked at again in every pass: no pause.
  bool Refused(const std::string& work, Attempt attempt);
  void Succeeded(const std::string& work) { attempts_.erase(work); }
  // The spec is `hash` now: what is known of another one is forgotten.
  void Expect(const std::string& work, const std::string& hash);

  // Works that wait.
  std::set<std::string> Held(Now now) const;
  const Attempt* Find(const std::string& work) const;
  // When the next one is to be tried; InfiniteDuration when none waits. What was due at `passed`,
  // the last look at the host, has had its turn.
  absl::Duration NextRetry(absl::Duration passed) const;

 private:
  std::map<std::string, Attempt> attempts_;
};

}  // namespace reeve::agents
