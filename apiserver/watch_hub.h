// One watch of the store, fanned out to everybody who watches.
//
// Promises to each subscriber: changes in revision order, no gap, no duplicate, a transaction's
// changes together (WatchEvent.more). An object that enters a selector is ADDED, one that leaves it
// is DELETED with the last object that matched. An event is encoded once and the same bytes go to
// everybody. A subscriber that falls behind (kWatcherQueueEventsMax, kWatcherQueueBytesMax) is
// closed with RESOURCE_EXHAUSTED and resumes from its last revision; it never delays a writer or
// another watcher. Watches that name an indexed field (spec.host=h1) or a namespace are found by
// that value: changes that do not match cost them nothing.
//
// The hub owns no thread: Pump is a step. `wake` (of Options) is called when there is something to
// pump.
//
// A subscriber that may no longer be served (a host that was removed) is closed with the answer of
// `admit`: asked when it subscribes, and again for a host whenever its Host changes.
//
// Example:  hub->Watch(who, {selector {kind: "Work" fields: "spec.host=h1"} send_initial_events:
// true}, wake)
//   ADDED r1  ADDED r1  SNAPSHOT r9 {count: 2, hash}  MODIFIED r12  BOOKMARK r40 ...
//
// Thread safety: WatchHub is safe; a Subscription belongs to one caller at a time, and may outlive
// the hub only to be destroyed.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apiserver/identity.h"
#include "base/clock.h"
#include "base/names.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/resources.pb.h"
#include "store/store.h"

namespace reeve::apiserver {

// A v1.WatchEvent in wire format, shared by everybody who gets it.
using EventBytes = std::shared_ptr<const std::string>;

class ObjectIndex;

class Subscription {
 public:
  virtual ~Subscription() = default;
  // The next event, nullopt when there is none now. An error ends the subscription.
  virtual absl::StatusOr<std::optional<EventBytes>> Next() = 0;
};

class WatchHub {
 public:
  struct Options {
    store::Store* store = nullptr;
    Clock* clock = nullptr;
    const schema::KindRegistry* kinds = &schema::KindRegistry::Get();
    ObjectIndex* index = nullptr;  // For initial events. Null: the hub makes its own.
    std::function<void()> wake;    // From any thread; quick.
    // Whether this client may watch now, as of everything committed. May take the store's lock, and
    // no other that is held while calling the hub. Null: everybody may.
    std::function<absl::Status(const Identity&)> admit;
  };
  // Watches the store from its present revision.
  static absl::StatusOr<std::unique_ptr<WatchHub>> Start(Options options);
  virtual ~WatchHub() = default;

  // Hands everything that the store has committed to the subscribers, and bookmarks to all when
  // their period is over. True when there was anything. An error is the end of the hub: every
  // subscription gets it.
  virtual absl::StatusOr<bool> Pump() = 0;
  // How long Pump may wait, without a wake, until bookmarks are due.
  virtual absl::Duration UntilBookmark() = 0;
  // How often a change was held against a watcher's selector, so far: what the watchers cost.
  virtual int64_t comparisons() const = 0;

  // DATA_LOSS: another epoch, or a revision ahead of the store. OUT_OF_RANGE: the revision was
  // compacted: list again. PERMISSION_DENIED: a host that does not select its own. `wake` is called
  // when Next may have something, from any thread and never with a lock held that Next takes.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Watch(const Identity& who,
                                                              const v1::WatchRequest& request,
                                                              std::function<void()> wake) = 0;

  // Ends all subscriptions with UNAVAILABLE and takes no more: before the server stops.
  virtual void Shutdown() = 0;
};

}  // namespace reeve::apiserver
