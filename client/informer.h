// Keeps a copy of all objects of one kind: the state first, then every change, for ever, whatever
// breaks in between.
//
// A list is taken only when it is complete (its SNAPSHOT came, and count and hash are right); then
// it is compared with what was known, and the differences are reported as changes. A broken stream
// is resumed from the last revision; OUT_OF_RANGE and DATA_LOSS list anew. Owns no thread and no
// clock: Poll is a step.
//
// Thread-compatible.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "client/client.h"

namespace reeve::client {

class Informer {
 public:
  // `before` is null when the object appeared, `after` when it went.
  using OnChange = std::function<void(const v1::Object* before, const v1::Object* after)>;
  struct Options {
    Watcher* watcher = nullptr;  // Must outlive the informer.
    v1::Selector selector;       // One kind.
    OnChange on_change;
    // From any thread, when Poll may have something to do.
    std::function<void()> wake = [] {};
  };
  explicit Informer(Options options);

  // Takes what has arrived, at most a few hundred events. True when there was anything. Never
  // fails: what goes wrong is retried with a growing pause (kBackoffMax; kReconnectPauseMax while
  // there is no server), and kept in last_error().
  bool Poll(Now now);
  // How long Poll may wait when no `wake` comes: until the next attempt to connect.
  absl::Duration NextWake(Now now) const;

  // A complete list has been taken at least once.
  bool synced() const { return synced_; }
  // Every change up to this revision has been reported. Becomes smaller only with another epoch.
  Revision revision() const { return revision_; }
  const std::string& epoch() const { return epoch_; }
  // Since when the stream has been whole; nullopt while it is broken.
  std::optional<absl::Duration> connected_since() const { return connected_since_; }
  const absl::Status& last_error() const { return last_error_; }
  const std::string& kind() const { return options_.selector.kind(); }
  // By key.
  const std::map<ObjectKey, v1::Object>& objects() const { return objects_; }

 private:
  absl::Status Connect(Now now);
  void Disconnect(absl::Status why, Now now);
  absl::Status Take(v1::WatchEvent event);
  absl::Status TakeSnapshot(const v1::ListSummary& summary);
  void ReportDifferences(const std::map<ObjectKey, v1::Object>& before, bool same_epoch);
  void TakeBatch(Revision revision);
  void Change(v1::WatchEvent event);

  const Options options_;  // Constant after construction.
  std::unique_ptr<WatchStream> stream_;
  std::map<ObjectKey, v1::Object> objects_;
  std::vector<v1::WatchEvent> batch_;  // Events of a transaction that is not complete yet.
  std::optional<std::vector<v1::Object>>
      list_;  // The initial events so far; nullopt when there is no list under way.
  bool synced_ = false;
  Revision revision_ = 0;
  std::string epoch_;
  bool relist_ = true;
  int failures_ = 0;
  absl::Duration retry_at_ = absl::ZeroDuration();
  std::optional<absl::Duration> connected_since_;
  absl::Status last_error_;
};

}  // namespace reeve::client
