// store_crash_writer DIR: commits from four threads until it is killed, and prints every
// acknowledged commit as "revision key value durable(0 or 1)" in one write each. For
// rocks_crash_test.
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/status.h"
#include "store/store.h"

namespace reeve::store {
namespace {

constexpr int kThreads = 4;
constexpr int kKeysPerThread = 20;
constexpr int kEphemeralEvery = 7;

void Print(const std::string& line) {
  const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
  CHECK(written == static_cast<ssize_t>(line.size()), "a line fits a pipe's atomic write");
}

// Ends when the pipe's reader does, by SIGPIPE.
void WriteForEver(Store* store, int thread) {
  for (int i = 0;; ++i) {
    Txn txn;
    const std::string key = fmt::format("t{}-{}", thread, i % kKeysPerThread);
    const std::string value = fmt::format("{}", i);
    txn.writes.push_back({key, value});
    txn.writes.push_back({fmt::format("twin-of-{}", key), value});
    txn.durable = i % kEphemeralEvery != 0;
    const CommitResult result = store->Commit(std::move(txn));
    CHECK(result.status.ok(), result.status.ToString());
    Print(fmt::format("{} {} {} {}\n", result.revision, key, value, i % kEphemeralEvery ? 1 : 0));
  }
}

void Main(const std::string& dir) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksStore({.dir = dir, .ballast_bytes = 0});
  CHECK(store.ok(), store.status().ToString());
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.push_back(
        std::make_unique<Thread>("writer", [&, t] { WriteForEver(store->get(), t); }));
  }
}

}  // namespace
}  // namespace reeve::store

int main(int argc, char** argv) {
  CHECK(argc == 2, "usage: store_crash_writer DIR");
  reeve::store::Main(argv[1]);
}
