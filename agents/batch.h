// Changes of the control plane come one by one, and are done together: with one daemon-reload and
// one reload of nginx for all of them.
//
// A batch is due when nothing has come for kQuiet, and at the latest kLongest after its first
// change. Pure, from the monotonic clock. Thread-compatible.
#pragma once

#include <absl/time/time.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"

namespace reeve::agents {

class Batch {
 public:
  static constexpr absl::Duration kQuiet = absl::Milliseconds(300);
  static constexpr absl::Duration kLongest = absl::Seconds(2);

  void Add(Now now) {
    if (!first_) first_ = now.mono;
    last_ = now.mono;
  }
  void Clear() { first_.reset(); }
  bool waiting() const { return first_.has_value(); }
  // On the monotonic clock. REQUIRES: waiting().
  absl::Duration DueAt() const { return std::min(last_ + kQuiet, *first_ + kLongest); }

 private:
  std::optional<absl::Duration> first_;
  absl::Duration last_ = absl::ZeroDuration();
};

}  // namespace reeve::agents
