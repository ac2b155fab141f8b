// The heart of the simulation: one heap of events in simulated time, chance from one seed, a trace
// of every decision.
//
// The same seed gives the same trace, byte for byte, in every process: nothing here looks at
// addresses, hash order, threads or a real clock. Thread-compatible: one thread.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/testing/fake_clock.h"

namespace reeve::simulation {

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
// 2014). One stream per purpose, so that a draw added for one does not shift the others.
class Chance {
 public:
  Chance(uint64_t seed, std::string_view purpose);
  uint64_t Next();
  uint64_t Below(uint64_t bound);  // 0 .. bound-1. REQUIRES: bound > 0.
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool Percent(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  absl::Duration Upto(absl::Duration longest);

 private:
  uint64_t state_;
};

class Kernel {
 public:
  explicit Kernel(uint64_t seed) : seed_(seed) {}

  uint64_t seed() const { return seed_; }
  Clock* clock() { return &clock_; }
  Now now() { return clock_.Read(); }
  void JumpWall(absl::Duration d) { clock_.JumpWall(d); }

  // Runs `event` after `delay`. Events of one instant run in the order they were added.
  void After(absl::Duration delay, std::function<void()> event);

  // Runs the next event, moving time to it. False when there is none before `end` (then time is
  // `end`).
  bool RunNext(absl::Duration end);

  // Adds a line to the trace: "12.345 <what>".
  void Trace(std::string_view what);
  // SHA-256 of the whole trace, hex.
  std::string TraceHash() const;
  // The last lines, for a failure report.
  std::string TraceTail(size_t lines) const;
  const std::vector<std::string>& trace() const { return trace_; }

 private:
  const uint64_t seed_;
  FakeClock clock_;
  uint64_t sequence_ = 0;
  std::map<std::pair<absl::Duration, uint64_t>, std::function<void()>> events_;
  std::vector<std::string> trace_;
};

}  // namespace reeve::simulation
