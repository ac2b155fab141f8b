// Many watches at once, and how long after the start of a write each of them has its event.
//
// Two threads read all the streams. The name of a written object is found in the event's bytes, as
// they are on the wire.
#pragma once

#include <functional>
#include <string>

#include "tests/bench/calls.h"

namespace reeve::bench {

struct WatchOptions {
  Request request;            // Opens a watch of what is written from now on.
  bool first_answer = false;  // It watches once it has answered; else once it sent its headers.
  int watchers = 0;
  int writes = 0;      // At 100 a second.
  std::string prefix;  // Writes are of this and five digits.
  std::function<absl::Status(const std::string& key)> write;
};

struct Latency {
  double p50 = 0;  // Seconds.
  double p99 = 0;
};

// Ends the program when an event is missing, twice there, or out of order.
Latency RunWatches(Connections* connections, const WatchOptions& options);

}  // namespace reeve::bench
