// A clock that stands still until told.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

namespace reeve {

// Starts at 2026-01-01T00:00:00Z, mono 0. Thread safety: safe.
class FakeClock final : public Clock {
 public:
  Now Read() override {
    MutexLock lock(&mu_);
    return now_;
  }
  void Advance(absl::Duration d) {
    MutexLock lock(&mu_);
    now_.mono += d;
    now_.wall += d;
  }
  // Moves the wall clock alone, as an operator or NTP would.
  void JumpWall(absl::Duration d) {
    MutexLock lock(&mu_);
    now_.wall += d;
  }

 private:
  Mutex mu_;
  Now now_ ABSL_GUARDED_BY(mu_) = {.mono = absl::ZeroDuration(),
                                   .wall = absl::FromUnixSeconds(1767225600)};
};

}  // namespace reeve
