// Keys waiting to be worked on.
//
// A key is in the queue at most once and worked on by one at a time; a key added while being worked
// on comes back after Done(). Two lanes: what changed just now goes before the initial list, which
// still gets every eighth turn. Within a lane keys leave in the order they became ready. A failed
// key pauses, kBackoffMin doubled up to kBackoffMax, until Forget().
//
// No clock: `now` is passed in. Thread-compatible. Limits: `keys_max` keys.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/limits.h"
#include "base/names.h"

namespace reeve::controllers {

class Workqueue {
 public:
  enum class Lane { kNormal, kInitial };

  // `name` is the label of its metrics.
  explicit Workqueue(std::string name, size_t keys_max = kWorkqueueKeysMax);

  // Ready at once, whatever pause it was in. RESOURCE_EXHAUSTED when full.
  absl::Status Add(const ObjectKey& key, Lane lane, Now now);
  // Ready when `pause` is over, unless it is ready sooner.
  absl::Status AddAfter(const ObjectKey& key, absl::Duration pause, Now now);
  // AddAfter with a pause that grows with each call since Forget.
  absl::Status AddFailed(const ObjectKey& key, Now now);
  // What failed before no longer matters: it went well, or the spec changed.
  void Forget(const ObjectKey& key) { failures_.erase(key); }

  // The next ready key, which the caller now works on.
  std::optional<ObjectKey> Next(Now now);
  // REQUIRES: `key` came from Next() and is not yet done.
  void Done(const ObjectKey& key, Now now);

  // Until Next has something: zero, the shortest pause left, or infinite.
  absl::Duration UntilReady(Now now) const;
  size_t size() const { return ready_.size() + delayed_.size(); }
  int failures(const ObjectKey& key) const;

 private:
  struct Ready {
    Lane lane;
    absl::Duration since;
  };
  void Promote(Now now);
  std::deque<ObjectKey>& LaneQueue(Lane lane) { return lane == Lane::kNormal ? normal_ : initial_; }
  std::optional<ObjectKey> Pop(std::deque<ObjectKey>* queue);
  std::optional<ObjectKey> Choose();
  void Report() const;

  const std::string name_;
  const size_t keys_max_;
  std::deque<ObjectKey> normal_;
  std::deque<ObjectKey>
      initial_;  // May hold keys that moved to normal_: ready_ says which lane counts.
  std::map<ObjectKey, Ready> ready_;                        // Every key that is in a lane.
  std::map<ObjectKey, absl::Duration> delayed_;             // When its pause ends.
  std::set<std::pair<absl::Duration, ObjectKey>> by_time_;  // delayed_, by time.
  std::map<ObjectKey, absl::Duration> active_;              // Since when.
  std::set<ObjectKey> again_;                               // Added while active.
  std::map<ObjectKey, int> failures_;
  uint64_t turns_ = 0;
};

}  // namespace reeve::controllers
