// The hub's side of one subscription: first its own past (the present state, or the changes since
// its revision), then what the hub delivers.
//
//   Next():  past_ (a few at a time, from a view or a store watch of its own)  ->  queue_ (bounded,
//   filled by the hub)
//
// Thread safety: Deliver, Close and Wake are safe against Next; Next is called by one caller at a
// time.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/keys.h"
#include "apiserver/object_index.h"
#include "apiserver/watch_event.h"
#include "apiserver/watch_hub.h"
#include "base/mutex.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/selector.h"

namespace reeve::apiserver {

class SubscriptionState {
 public:
  struct Options {
    const schema::KindRegistry* kinds = nullptr;
    Identity who;
    std::string epoch;
    schema::Matcher matcher;
    bool all_of_kind = false;  // The selector names nothing but the kind.
    KeyRange range;
    Revision after = 0;                    // What the hub delivers begins after this revision.
    std::optional<Candidates> snapshot;    // To be sent first; or none.
    std::unique_ptr<store::Watcher> past;  // Changes up to `after` to be sent first; or null.
    std::function<void()> wake;
  };
  explicit SubscriptionState(Options options);

  const Options& options() const { return options_; }

  absl::StatusOr<std::optional<EventBytes>> Next();

  // Adds events of one revision; closes the subscription when there are too many. Follow with Wake.
  void Deliver(const std::vector<EventBytes>& events);
  void Close(absl::Status why);
  // True the first time since the last Wake: it has to be told.
  bool BeTold() { return !told_.exchange(true); }
  void Wake();
  // No wake is running or will be called after this.
  void StopWaking();

 private:
  absl::Status FillFromSnapshot();
  absl::Status FillFromPast();
  void AddPastBatch(const store::Batch& batch);
  EventBytes SnapshotMark() const;
  std::optional<EventBytes> PopReady();

  Options options_;
  std::atomic<bool> told_ = false;
  // Of the caller of Next.
  std::deque<EventBytes> ready_;
  std::string cursor_;  // Where the snapshot's scan goes on.
  schema::ListHash hash_;

  Mutex mu_;
  std::deque<EventBytes> queue_ ABSL_GUARDED_BY(mu_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status closed_ ABSL_GUARDED_BY(mu_);

  Mutex wake_mu_;  // Held while `wake` runs; taken after no other.
  bool waking_ ABSL_GUARDED_BY(wake_mu_) = true;
};

}  // namespace reeve::apiserver
