// What becomes of Works that a complete snapshot of the store lacks. Pure.
//
// A Work that was deleted says so first; one that just is not there any more is removed too, unless
// suspiciously many are gone. A store that began a new epoch was restored from a backup, or lost
// something: if it lacks most of what runs here, nothing goes until somebody says so.
#pragma once

namespace reeve::agents {

struct VanishedWorks {
  int vanished = 0;
  int known = 0;           // Works that this host had and was not removing, these among them.
  bool new_epoch = false;  // It is the first snapshot of another epoch than before.
  bool held = false;       // They were held at the snapshot before, in this epoch.
  bool accepted = false;   // Somebody said that they may go.
};

enum class Vanishing {
  kRemove,
  kKeep,  // This time.
  kHold,  // Until somebody says that they may go, or the store has them again.
};

Vanishing JudgeVanished(const VanishedWorks& works);

}  // namespace reeve::agents
