// Ends a server whose store stopped acknowledging writes (its disk failed, or was full): only
// opening it anew, verified, can help, and the service manager does that.
//
// A store that merely has no room is waited for. Thread safety: safe; has a thread of its own.
#pragma once

#include <absl/status/status.h>

#include <functional>

#include "base/executor.h"
#include "base/mutex.h"

namespace reeve::apiserver {

class StoreWatch {
 public:
  // `storage` is asked once a second; at the first UNAVAILABLE `end` is called, once.
  StoreWatch(std::function<absl::Status()> storage, std::function<void()> end);
  ~StoreWatch();

  // Why `end` was called; else OK.
  absl::Status failure() const;

 private:
  void Loop();

  const std::function<absl::Status()> storage_;
  const std::function<void()> end_;
  Notification stop_;
  mutable Mutex mu_;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  Thread thread_;  // The last member: it uses the others.
};

}  // namespace reeve::apiserver
