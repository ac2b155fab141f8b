// The nine promises of a watch, checked over what a watcher was given and what was committed:
//
//   filtered      only keys of its range
//   ordered       revisions do not go back
//   unique        no change twice
//   atomic        what one transaction changed comes in one piece
//   reliable      between the first and the last change delivered nothing is missing or different
//   resumable     the first change is the first one after the revision it was asked for
//   bookmarkable  after "nothing up to R is missing" nothing of R or before comes, nor was missing
//   previous      the version a change replaced is the one that was there
//   create        a change is a creation exactly when its key was absent
//
// They are those of etcd's robustness tests (tests/robustness/validate/watch.go).
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace reeve::store {

// What came out of one Watcher, in order.
struct WatchRecord {
  struct Step {
    Batch batch;            // Without changes: only the position moved.
    Revision position = 0;  // last_revision() afterwards.
  };
  std::string first;
  std::string last;
  Revision after = 0;
  std::vector<Step> steps;
};

// Takes everything that `watcher` has now. The error it ended with.
absl::Status Drain(Watcher* watcher, WatchRecord* record);

int64_t CountChanges(const WatchRecord& record);

// One line for each violation, which begins with the promise's name. `log`: every commit after
// record.after, as it really was.
std::vector<std::string> CheckWatch(const WatchRecord& record, const std::vector<Batch>& log);

}  // namespace reeve::store
