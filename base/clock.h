// The home of time. Leases, deadlines and back-off are counted on the monotonic clock, which never
// jumps; the wall clock is for what people and certificates read.
#pragma once

#include <absl/time/time.h>

namespace reeve {

// One reading of both clocks.
struct Now {
  // Since an arbitrary start (boot, in production); only differences mean something.
  absl::Duration mono;
  absl::Time wall;
};

// Thread safety: implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now Read() = 0;
};

// CLOCK_BOOTTIME and CLOCK_REALTIME. Lives for ever.
Clock* RealClock();

}  // namespace reeve
