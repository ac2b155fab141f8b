// Slows down keys that write again and again, and knows what keeps waking them.
//
// Each reconciliation that wrote spends a token; kStormBurst are there at first, kStormPerSecond
// come back. Without a token the key waits. Thread-compatible; no clock.
#pragma once

#include <absl/time/time.h>

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/names.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::controllers {

class Breaker {
 public:
  // Remembers that `change` woke `key`.
  void Woken(const ObjectKey& key, const v1::Object& change);
  // `key` was reconciled, and wrote.
  void Wrote(const ObjectKey& key, Now now);
  // How long `key` must wait now; zero: it may go on.
  absl::Duration Wait(const ObjectKey& key, Now now);
  // Once per storm, after Wait was not zero: "200 writes in 3s, mostly woken by Work default/x
  // (agent)".
  std::optional<std::string> Complaint(const ObjectKey& key, Now now);
  // Forgets keys that have been quiet for long.
  void Prune(Now now);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    double tokens = 0;
    absl::Duration at;     // When `tokens` was right.
    absl::Duration since;  // Of the first write of this storm.
    int writes = 0;
    bool complained = false;
    std::map<std::string, int> wakers;  // At most kWakersMax.
  };
  static void Refill(Entry* entry, Now now);

  std::map<ObjectKey, Entry> entries_;
};

}  // namespace reeve::controllers
