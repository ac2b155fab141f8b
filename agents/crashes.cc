#include "agents/crashes.h"

#include <fmt/format.h>

#include <algorithm>

namespace reeve::agents {
namespace {

// So many restarts without ever being healthy are no accident.
constexpr uint32_t kRestartsOfALoop = 3;
constexpr absl::Duration kPauseMin = absl::Seconds(10);
constexpr absl::Duration kPauseMax = absl::Minutes(5);
constexpr absl::Duration kForgetAfter = absl::Minutes(10);

absl::Duration Pause(int given_up) {
  absl::Duration pause = kPauseMin;
  for (int i = 1; i < given_up && pause < kPauseMax; ++i) pause *= 2;
  return std::min(pause, kPauseMax);
}

bool HasEnded(const pb::Inventory::Unit& unit) {
  return unit.active_state() == "failed" || unit.sub_state() == "auto-restart";
}

std::string HowItEnded(const pb::Inventory::Unit& unit) {
  if (unit.result() == "signal" || unit.result() == "core-dump")
    return fmt::format("killed by signal {}", unit.exit_status());
  if (unit.result() == "oom-kill") return "killed for want of memory";
  return fmt::format("exit status {}", unit.exit_status());
}

}  // namespace

void Crashes::Look(const std::string& work, const Seen& seen, Now now) {
  const pb::Inventory::Unit& unit = *seen.unit;
  Crash& crash = crashes_[work];
  if (crash.hash != seen.hash)  // What it has behind it was not this program.
    crash = {.hash = seen.hash,
             .unit = unit.name(),
             .run = unit.invocation_id(),
             .restarts_before = unit.restarts()};
  const bool failed = unit.active_state() == "failed";
  const bool gave_up = failed && unit.invocation_id() != crash.run;
  if (gave_up) {
    const bool long_ago = now.mono - crash.retry_at > kForgetAfter;
    crash.given_up = long_ago ? 1 : crash.given_up + 1;
    crash.run = unit.invocation_id();
    crash.retry_at = now.mono + Pause(crash.given_up);
  }
  crash.resting = failed && crash.given_up > 0 && now.mono < crash.retry_at;
  if (seen.healthy && !gave_up) {
    crash.looping = false;
    crash.ending.clear();
    crash.restarts_before = unit.restarts();
  }
  crash.restarts_before = std::min(crash.restarts_before, unit.restarts());
  crash.looping |= gave_up || unit.restarts() - crash.restarts_before >= kRestartsOfALoop;
  if (crash.ending.empty() && HasEnded(unit) && (gave_up || unit.invocation_id() != crash.run))
    crash.ending = HowItEnded(unit);
}

std::string Crashes::Message(const Crash& crash) {
  return fmt::format("the program of {0}.service ends again and again{1}{2}; see journalctl -u {0}",
                     crash.unit, crash.ending.empty() ? "" : ": ", crash.ending);
}

std::set<std::string> Crashes::Resting() const {
  std::set<std::string> works;
  for (const auto& [work, crash] : crashes_) {
    if (crash.resting) works.insert(work);
  }
  return works;
}

const Crashes::Crash* Crashes::Find(const std::string& work) const {
  const auto known = crashes_.find(work);
  return known == crashes_.end() ? nullptr : &known->second;
}

absl::Duration Crashes::NextRetry(absl::Duration passed) const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [work, crash] : crashes_) {
    if (crash.resting && crash.retry_at > passed) next = std::min(next, crash.retry_at);
  }
  return next;
}

}  // namespace reeve::agents
