#include "tests/bench/watches.h"

#include <atomic>

#include "base/status.h"
#include "tests/support/child_process.h"

namespace reeve::bench {

absl::Status Watches::Start(Reader read) {
  const auto ready = std::make_shared<std::atomic<bool>>(false);
  Watch* const watch = watches_.emplace_back(std::make_unique<Watch>()).get();
  watch->thread = std::thread([watch, ready, read = std::move(read)] {
    read(&watch->context, [ready] { *ready = true; });
  });
  if (support::WaitUntil(absl::Seconds(10), [&] { return ready->load(); })) return absl::OkStatus();
  return Unavailable("the watch did not start");
}

void Watches::Stop() {
  for (const auto& watch : watches_) watch->context.TryCancel();
  for (const auto& watch : watches_) watch->thread.join();
  watches_.clear();
}

}  // namespace reeve::bench
