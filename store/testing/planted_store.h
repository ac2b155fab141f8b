// A store with one bug, to see that the checks find it. What each does is in planted_store.cc;
// which check finds it, in tests/proof/README.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace reeve::store {

enum class Bug {
  kNone,
  kLostWrite,
  kStaleRead,
  kPreconditionIgnored,
  kRevisionReused,
  kResurrectedDelete,
  kHalfTransaction,
  kRefusedButWritten,
  kDirtyRead,
  kWrittenTwice,
  kDuplicateEvent,
  kSkippedEvent,
  kReorderedEvents,
  kSplitTransaction,
  kWrongPrevious,
  kEventOutOfRange,
  kBookmarkTooEarly,
  kResumeSkipsOne,
  kForgottenCreation,
};

const std::vector<Bug>& AllBugs();
std::string NameOf(Bug bug);

// `inner` with the bug, which shows about once in `period` calls. The inner one has the truth.
std::unique_ptr<Store> PlantBug(Store* inner, Bug bug, int period = 7);

}  // namespace reeve::store
