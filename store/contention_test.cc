// Many clients at the same keys: no update is lost, and of those who claim one thing exactly one
// gets it. tests/proof/README.md.
#include <gmock/gmock.h>

#include <atomic>
#include <charconv>
#include <random>
#include <thread>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

constexpr int kClients = 64;
constexpr int kKeys = 16;
constexpr int kClaimers = 100;

std::string KeyOf(uint64_t number) { return fmt::format("n{}", number); }

int64_t NumberIn(const std::optional<Version>& version) {
  int64_t number = 0;
  if (version)
    std::from_chars(version->value.data(), version->value.data() + version->value.size(), number);
  return number;
}

// One increment by reading and writing what was read; false when somebody else was faster.
bool TryIncrement(Store* store, const std::string& key) {
  const auto view = store->Read();
  if (!view.ok()) return false;
  const auto now = (*view)->Get(key);
  if (!now.ok()) return false;
  Txn txn;
  txn.preconditions.push_back(*now ? MustBeAt(key, (*now)->modified) : MustBeAbsent(key));
  txn.writes.push_back({key, std::to_string(NumberIn(*now) + 1)});
  const CommitResult result = store->Commit(std::move(txn));
  EXPECT_TRUE(result.status.ok() || absl::IsAborted(result.status)) << result.status;
  return result.status.ok();
}

TEST(ContentionTest, NoIncrementIsLost) {
  const int64_t increments = CountOf(100'000, 1'000'000);
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = dir / "db", .ballast_bytes = 0}));
  std::vector<std::atomic<int64_t>> done(kKeys);
  std::atomic<int64_t> left{increments};
  std::atomic<int64_t> lost_races{0};
  std::vector<std::thread> clients;
  for (uint64_t c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      std::mt19937_64 random(SeedOf(20260306) + c);
      while (left.fetch_sub(1) > 0) {
        const uint64_t key = random() % kKeys;
        while (!TryIncrement(store.get(), KeyOf(key))) ++lost_races;
        ++done[key];
      }
    });
  }
  for (std::thread& client : clients) client.join();
  ASSERT_OK_AND_ASSIGN(const auto view, store->Read());
  int64_t sum = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    ASSERT_OK_AND_ASSIGN(const auto version, view->Get(KeyOf(key)));
    EXPECT_EQ(NumberIn(version), done[key]) << KeyOf(key);
    sum += NumberIn(version);
  }
  EXPECT_EQ(sum, increments);
  Reached(
      "{} compare-and-set increments by {} clients over {} keys: exact sums, {} races lost and "
      "run again",
      sum, kClients, kKeys, lost_races.load());
}

TEST(ContentionTest, OfManyClaimsOneIsGranted) {
  const int64_t rounds = CountOf(50, 500);
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = dir / "db", .ballast_bytes = 0}));
  for (int64_t round = 0; round < rounds && !HasFailure(); ++round) {
    const std::string claim = fmt::format("claim/{}", round);
    std::vector<CommitResult> results(kClaimers);
    std::vector<std::thread> claimers;
    for (size_t c = 0; c < kClaimers; ++c) {
      claimers.emplace_back([&, c] {
        Txn txn;
        txn.preconditions.push_back(MustBeAbsent(claim));
        txn.writes = {{claim, fmt::format("client {}", c)}, {fmt::format("has/{}", c), claim}};
        results[c] = store->Commit(std::move(txn));
      });
    }
    for (std::thread& claimer : claimers) claimer.join();
    std::vector<size_t> winners;
    for (size_t c = 0; c < kClaimers; ++c) {
      if (results[c].status.ok()) winners.push_back(c);
    }
    ASSERT_EQ(winners.size(), 1u) << claim;
    for (size_t c = 0; c < kClaimers; ++c) {
      if (c == winners[0]) continue;
      ASSERT_EQ(results[c].failed.size(), 1u);
      ASSERT_TRUE(results[c].failed[0].present.has_value());
      EXPECT_EQ(results[c].failed[0].present->value, fmt::format("client {}", winners[0]));
    }
  }
  Reached("{} things claimed by {} clients each: one winner, and the others were told who", rounds,
          kClaimers);
}

}  // namespace
}  // namespace reeve::store
