// Writes Events: one object for all repeats of the same words about the same object, with their
// count.
//
// Best effort: an Event that cannot be written is dropped after a log line; nothing waits for it.
// Thread-compatible; no clock.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>

#include "base/clock.h"
#include "client/client.h"
#include "controllers/runtime/effect.h"
#include "controllers/runtime/world.h"

namespace reeve::controllers {

class EventRecorder {
 public:
  explicit EventRecorder(client::Writer* writer) : writer_(writer) {}

  // Written by the next Flush, or counted with an earlier one.
  void Record(const RecordEvent& event, const std::string& source, Now now);
  // Writes at most one Event that is due. True when it did.
  bool Flush(const World& world, Now now);
  // Until Flush has something to do.
  absl::Duration UntilDue(Now now) const;

 private:
  struct Waiting {
    v1::Event event;  // count: how many are not written yet; times of the first and last of them.
    absl::Duration due;
  };
  void Write(const World& world, const v1::Event& event);

  client::Writer* const writer_;
  std::map<ObjectKey, Waiting> waiting_;
  std::map<ObjectKey, absl::Duration> written_;  // When; forgotten after kEventFlushPeriod.
};

// The Event that counts all repeats of `event`.
ObjectKey EventKey(const RecordEvent& event, const std::string& source);

}  // namespace reeve::controllers
