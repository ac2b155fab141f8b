// Bugs planted on purpose, one at a time: a checker that does not catch them is worth nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace reeve::simulation {

enum class Planted {
  kNone,
  kAckBeforeSync,       // The store acknowledges before the write is on disk.
  kLostEvent,           // Now and then a watch loses one event.
  kFirstPort,           // Every instance gets the first port of the range.
  kRestlessStatus,      // A reconciler writes what says nothing new.
  kTouchesForeign,      // The agent removes a file it did not make.
  kNoPreconditions,     // The server takes an update whatever version it was made from.
  kSkipsRevision,       // A watch that resumes leaves out one revision.
  kForgottenFinalizer,  // An Instance goes before its host has confirmed the removal.
  kAppliedTooSoon,      // The agent says Applied before it has succeeded.
  kForgetsUndo,         // The undo of a failed attempt leaves out the unit file.
};

struct PlantedBug {
  Planted bug;
  std::string_view name;  // As reeve-sim --plant takes it.
  uint64_t seed;          // That catches it.
  std::string_view says;  // Part of the violation.
};

inline const std::vector<PlantedBug>& PlantedBugs() {
  static const std::vector<PlantedBug> bugs = {
      {Planted::kAckBeforeSync, "ack-before-sync", 2, "the store does not open"},
      {Planted::kLostEvent, "lost-event", 1, "a watcher has"},
      {Planted::kFirstPort, "first-port", 1, "is held by several"},
      {Planted::kRestlessStatus, "restless-status", 1, "not quiet"},
      {Planted::kTouchesForeign, "touches-foreign", 1, "is not ours and was changed"},
      {Planted::kNoPreconditions, "no-preconditions", 1, "was made from revision"},
      {Planted::kSkipsRevision, "skips-revision", 1, "a watcher has"},
      {Planted::kForgottenFinalizer, "forgotten-finalizer", 1, "went before"},
      {Planted::kAppliedTooSoon, "applied-too-soon", 1, "is called applied"},
      {Planted::kForgetsUndo, "forgets-undo", 23, "left the host changed"},
  };
  return bugs;
}

}  // namespace reeve::simulation
