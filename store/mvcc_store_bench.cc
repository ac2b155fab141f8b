// What the store costs under the API server: durable commits with so many callers, gets, scans,
// watch delivery, opening.
#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>

#include "base/status.h"
#include "store/mem_store.h"
#include "store/store.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

constexpr size_t kObjectBytes = 1500;

std::string KeyOf(int64_t i) { return fmt::format("obj/{:08}", i); }

Txn Create(const std::string& key) {
  Txn txn;
  txn.preconditions.push_back(MustBeAbsent(key));
  txn.writes.push_back({key, std::string(kObjectBytes, 'x')});
  return txn;
}

std::unique_ptr<Store> MustOpen(const std::string& dir) {
  auto store = OpenRocksStore({.dir = dir, .quota_bytes = 64ull << 30, .ballast_bytes = 0});
  CHECK(store.ok(), store.status().ToString());
  return *std::move(store);
}

// One store shared by the threads of a benchmark.
struct Shared {
  TempDir dir;
  std::unique_ptr<Store> store = MustOpen(dir / "db");
  std::atomic<int64_t> next = 0;
};
std::unique_ptr<Shared> shared;

void SetUp(const benchmark::State&) { shared = std::make_unique<Shared>(); }
void TearDown(const benchmark::State&) { shared.reset(); }

void FillShared(int64_t objects) {
  for (int64_t i = 0; i < objects; ++i) {
    Txn txn = Create(KeyOf(i));
    txn.durable = false;
    CHECK(shared->store->Commit(std::move(txn)).status.ok(), "there is room");
  }
}

void SetUpFilled(const benchmark::State&) {
  shared = std::make_unique<Shared>();
  FillShared(10'000);
}

void BM_DurableCreate(benchmark::State& state) {
  for (auto _ : state) {
    const CommitResult result = shared->store->Commit(Create(KeyOf(shared->next++)));
    CHECK(result.status.ok(), result.status.ToString());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DurableCreate)
    ->Threads(1)
    ->Threads(16)
    ->Threads(64)
    ->UseRealTime()
    ->Setup(SetUp)
    ->Teardown(TearDown);

void BM_EphemeralUpdate(benchmark::State& state) {
  for (auto _ : state) {
    Txn txn;
    txn.writes.push_back({"lease", std::string(200, 'x')});
    txn.durable = false;
    CHECK(shared->store->Commit(std::move(txn)).status.ok(), "there is room");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EphemeralUpdate)
    ->Threads(1)
    ->Threads(16)
    ->UseRealTime()
    ->Setup(SetUp)
    ->Teardown(TearDown);

void BM_Get(benchmark::State& state) {
  int64_t i = 0;
  for (auto _ : state) {
    const auto view = shared->store->Read();
    benchmark::DoNotOptimize((*view)->Get(KeyOf(i++ % 10'000)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Get)->Threads(1)->Threads(2)->UseRealTime()->Setup(SetUpFilled)->Teardown(TearDown);

void BM_Scan10k(benchmark::State& state) {
  for (auto _ : state) {
    const auto view = shared->store->Read();
    int64_t bytes = 0;
    const absl::Status status = (*view)->Scan("", "", [&](const Version& version) {
      bytes += static_cast<int64_t>(version.value.size());
      return true;
    });
    CHECK(status.ok() && bytes == 10'000 * static_cast<int64_t>(kObjectBytes), "all are there");
  }
}
BENCHMARK(BM_Scan10k)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Setup(SetUpFilled)
    ->Teardown(TearDown);

void BM_Reopen10k(benchmark::State& state) {
  for (auto _ : state) {
    shared->store.reset();
    shared->store = MustOpen(shared->dir / "db");
  }
}
BENCHMARK(BM_Reopen10k)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Setup(SetUpFilled)
    ->Teardown(TearDown);

// One watcher pulls what one writer commits.
void BM_WatchDelivery(benchmark::State& state) {
  const auto store = NewMemStore("bench");
  const auto watcher = store->Watch("", "", 0, [] {});
  for (auto _ : state) {
    store->Commit([] {
      Txn txn;
      txn.writes.push_back({"k", std::string(kObjectBytes, 'x')});
      return txn;
    }());
    benchmark::DoNotOptimize((*watcher)->Next());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_WatchDelivery);

void BM_MemCreate(benchmark::State& state) {
  const auto store = NewMemStore("bench");
  int64_t i = 0;
  for (auto _ : state) CHECK(store->Commit(Create(KeyOf(i++))).status.ok(), "the key is new");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_MemCreate);

}  // namespace
}  // namespace reeve::store

BENCHMARK_MAIN();
