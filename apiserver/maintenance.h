// What the server does now and then beside answering: keeps the watch log and history at their
// sizes, and takes away what nobody can name any more: the bytes of deleted Blobs, join tokens that
// are too old, the keys of hosts that are gone. A step; owns no thread.
//
// Thread-compatible. What it works on is in use meanwhile, by anybody.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "apiserver/blob_store.h"
#include "base/clock.h"
#include "store/store.h"

namespace reeve::apiserver {

// How much of the past is kept, of what watches no longer need.
struct HistoryOptions {
  int versions = 20;  // Of each object; and as many that changed only the status.
  absl::Duration age = absl::InfiniteDuration();
  uint64_t bytes = 512ull << 20;  // Of all objects together.
};

class Maintenance {
 public:
  // Both must outlive it.
  Maintenance(store::Store* store, BlobStore* blobs, HistoryOptions history = {})
      : store_(store), blobs_(blobs), history_(history) {}

  // Does what is due at `now`. One failing part does not keep the others from their work; the first
  // error is returned, and all are tried again at the next step.
  absl::Status Step(Now now);

 private:
  // Bytes that no Blob names.
  struct Orphan {
    absl::Duration since;  // First seen so, on the monotonic clock,
    uint64_t puts = 0;     // when they had been uploaded this often.
  };
  absl::Status TrimLog(absl::Time now);
  absl::Status DropTokens(absl::Time now);
  absl::Status DropIdentities();
  absl::Status DropBlobs(absl::Duration now);
  absl::Status DropBlob(const std::string& digest, absl::Duration now);

  store::Store* const store_;
  BlobStore* const blobs_;
  const HistoryOptions history_;
  std::map<std::string, Orphan> orphans_;  // By digest.
};

}  // namespace reeve::apiserver
