// The home of threads. Cores expose a step (ProcessOne) and own no thread; mains run them with
// these.
#pragma once

#include <absl/time/time.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "base/mutex.h"

namespace reeve {

// A wake-up that is never lost: Notify before Wait makes the next Wait return at once.
// Thread safety: safe.
class Notification {
 public:
  void Notify();
  // True when notified, false when `timeout` passed first. Consumes the notification.
  bool WaitFor(absl::Duration timeout);

 private:
  Mutex mu_;
  CondVar cv_;
  bool notified_ ABSL_GUARDED_BY(mu_) = false;
};

// A named thread that is joined when destroyed.
class Thread {
 public:
  Thread(std::string name, std::function<void()> body);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  std::thread thread_;
};

// Blocks the calling thread until SIGINT or SIGTERM. REQUIRES: BlockSignals() was called before any
// thread started.
void BlockSignals();
int WaitForSignal();

}  // namespace reeve
