#include "base/executor.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>

namespace reeve {
namespace {

constexpr size_t kThreadNameMax = 15;  // pthread_setname_np's limit, without the NUL.

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void Notification::Notify() {
  {
    MutexLock lock(&mu_);
    notified_ = true;
  }
  cv_.SignalAll();
}

bool Notification::WaitFor(absl::Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  MutexLock lock(&mu_);
  while (!notified_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    cv_.WaitFor(&mu_, left);
  }
  notified_ = false;
  return true;
}

Thread::Thread(std::string name, std::function<void()> body)
    : thread_([name = name.substr(0, kThreadNameMax), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.c_str());
        body();
      }) {}

Thread::~Thread() { thread_.join(); }

void BlockSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal() {
  const sigset_t set = StopSignals();
  int signal_number = 0;
  sigwait(&set, &signal_number);
  return signal_number;
}

}  // namespace reeve
