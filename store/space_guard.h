// Keeps a store from filling its disk: refuses to grow at a quota, or when the disk itself runs
// low, while there is still room to delete and compact. A ballast file holds space that is given
// back when even that runs out.
//
// Measures when Check is called; room() is what the last Check found. Thread safety: safe.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/mutex.h"

namespace reeve::store {

class SpaceGuard {
 public:
  struct Options {
    std::string ballast_path;
    uint64_t ballast_bytes = 0;
    uint64_t quota_bytes = 0;
    std::function<uint64_t()> used_bytes;  // By the store.
    std::function<uint64_t()> free_bytes;  // On its disk.
  };
  explicit SpaceGuard(Options options) : options_(std::move(options)) {}

  // Measures; makes the ballast when there is plenty, gives it back when there is less than half of
  // it left.
  void Check();
  // RESOURCE_EXHAUSTED with the reason and the way out.
  absl::Status room() const;

 private:
  absl::Status Judge(uint64_t used, uint64_t free) const;

  const Options options_;
  mutable Mutex mu_;
  absl::Status room_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::store
