#include "base/clock.h"

#include <time.h>

namespace reeve {
namespace {

timespec ReadClock(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return ts;
}

class SystemClock final : public Clock {
 public:
  Now Read() override {
    return {.mono = absl::DurationFromTimespec(ReadClock(CLOCK_BOOTTIME)),
            .wall = absl::TimeFromTimespec(ReadClock(CLOCK_REALTIME))};
  }
};

}  // namespace

Clock* RealClock() {
  static SystemClock clock;
  return &clock;
}

}  // namespace reeve
