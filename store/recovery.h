// What a store finds when it opens its engine, and whether that may be served.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <string>

#include "base/names.h"
#include "store/engine.h"
#include "store/mark.h"

namespace reeve::store {

// After a restored backup, or losses that the owner accepted: far above any revision that clients
// may have seen.
inline constexpr Revision kNewEpochRevisionStep = 1'000'000;

struct RecoveryOptions {
  std::string epoch;       // Of a new store.
  bool new_epoch = false;  // Serve what is there as a new life of the store, under `epoch`.
  std::string location = "the store";  // For messages.
  // Called when all was read, before anything is written: an error ends it. May be null.
  std::function<absl::Status()> verified;
};

struct Recovered {
  std::string epoch;
  Revision last = 0;
  Revision floor = 0;
  uint64_t sum = 0;  // Of the present keys, see key.h.
  // Revisions r with key < r <= value were never committed, or were lost; but nobody may resume
  // between them, and at the value one may.
  std::map<Revision, Revision> gaps;
};

// Makes the meta data of a new store; else checks it against `mark` (may be null) and starts a new
// life of the store. DATA_LOSS: the engine holds less than the mark says, another epoch, or has a
// hole: the present keys do not add up to the sum kept with them, or a commit above the floor is
// not in the change log. FAILED_PRECONDITION: a newer format.
absl::StatusOr<Recovered> Recover(Engine* engine, Mark* mark, const RecoveryOptions& options);

}  // namespace reeve::store
