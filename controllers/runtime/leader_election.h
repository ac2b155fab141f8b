// One process of several works, by a Lease. Saves work and noise; nothing is safe because of it:
// that comes from preconditions and generations.
//
// A Lease that was not renewed for kLeaseTtl, counted on this process' monotonic clock from when it
// saw the last renewal, is taken over. Owns no thread: Step is one.
//
// Thread-compatible.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <utility>

#include "base/clock.h"
#include "client/client.h"

namespace reeve::controllers {

// The holder of a Lease that was given back.
inline constexpr char kNobody[] = "nobody";

class LeaderElection {
 public:
  struct Options {
    client::Client* client = nullptr;  // Must outlive it.
    std::string lease = "reeve-controllers";
    std::string holder;  // Unique among the processes.
  };
  explicit LeaderElection(Options options) : options_(std::move(options)) {}

  // Renews or tries to take the Lease, when it is time for it.
  void Step(Now now);
  // It holds the Lease, and renewed it lately enough that nobody else can have taken it.
  bool IsLeader(Now now) const;
  absl::Duration NextWake(Now now) const;
  // Gives the Lease back, so that another need not wait.
  void Resign();

 private:
  absl::Status Try(Now now);
  absl::Status Take(v1::Object lease, Now now);

  const Options options_;  // Constant after construction.
  absl::Duration next_ = absl::ZeroDuration();
  absl::Duration held_until_ = -absl::InfiniteDuration();
  std::string seen_version_;  // Of the Lease of somebody else,
  absl::Duration seen_at_;    // and when it was first seen.
};

}  // namespace reeve::controllers
