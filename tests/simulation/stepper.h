// Drives one component that owns no thread: steps it while it has work, then when it asked to be
// called again or was woken.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "tests/simulation/kernel.h"

namespace reeve::simulation {

// Thread-compatible. A component that ended is never stepped: destroy the stepper with it.
class Stepper {
 public:
  struct Options {
    std::function<bool()> step;                        // True: there may be more to do at once.
    std::function<absl::Duration()> next_wake;         // How long it may rest when there is not.
    absl::Duration pause_max = absl::Milliseconds(3);  // Between two steps: others run in between.
  };
  Stepper(Kernel* kernel, Chance* chance, Options options)
      : kernel_(kernel),
        chance_(chance),
        options_(std::move(options)),
        alive_(std::make_shared<bool>(true)) {
    Wake();
  }
  ~Stepper() { *alive_ = false; }
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  void Wake() { Schedule(chance_->Upto(options_.pause_max)); }

 private:
  void Schedule(absl::Duration delay) {
    const absl::Duration at = kernel_->now().mono + delay;
    if (token_ != 0 && at >= at_) return;  // An earlier step is on its way.
    at_ = at;
    const uint64_t token = token_ = ++last_token_;
    kernel_->After(delay, [this, token, alive = alive_] {
      if (*alive && token == token_) Step();
    });
  }

  void Step() {
    token_ = 0;
    if (options_.step()) return Wake();
    const absl::Duration rest = options_.next_wake();
    if (rest < absl::InfiniteDuration()) Schedule(std::max(rest, absl::Milliseconds(1)));
  }

  Kernel* const kernel_;
  Chance* const chance_;
  const Options options_;
  std::shared_ptr<bool> alive_;
  uint64_t token_ = 0;  // Of the step that is on its way; 0: none.
  uint64_t last_token_ = 0;
  absl::Duration at_;
};

}  // namespace reeve::simulation
