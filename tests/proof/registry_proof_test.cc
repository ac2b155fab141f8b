// The API's core on the real store: claims under a race, and what passes when the disk is full.
// README.md.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "apiserver/registry.h"
#include "apiserver/testing/registry_fixture.h"
#include "base/testing/fake_clock.h"
#include "base/testing/status_matchers.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"

namespace reeve::apiserver {
namespace {

constexpr int kClaimers = 100;

// A registry on a store on disk, which can be opened again with another quota.
class Estate {
 public:
  explicit Estate(uint64_t quota_bytes = 2ull << 30) { Open(quota_bytes); }

  void Open(uint64_t quota_bytes) {
    registry_.reset();
    store_.reset();
    auto store =
        store::OpenRocksStore({.dir = dir_ / "db", .quota_bytes = quota_bytes, .ballast_bytes = 0});
    CHECK(store.ok(), store.status().ToString());
    store_ = *std::move(store);
    registry_ = std::make_unique<Registry>(
        Registry::Options{.store = store_.get(), .clock = &clock_, .new_uid = [this] {
                            return fmt::format("uid-{}", ++uids_);
                          }});
  }
  Registry* registry() { return registry_.get(); }

 private:
  const store::TempDir dir_;
  FakeClock clock_;
  std::atomic<int> uids_ = 0;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Registry> registry_;
};

TEST(RegistryProofTest, OfManySitesThatClaimAHostnameOneGetsIt) {
  const int64_t rounds = store::CountOf(20, 200);
  Estate estate;
  ASSERT_OK(estate.registry()->EnsureNamespaces());
  for (int64_t round = 0; round < rounds && !HasFailure(); ++round) {
    const std::string hostname = fmt::format("race{}.example", round);
    const auto name = [round](size_t c) { return fmt::format("site{}-{}", round, c); };
    std::vector<absl::Status> results(kClaimers);
    std::vector<std::thread> claimers;
    for (size_t c = 0; c < kClaimers; ++c) {
      claimers.emplace_back([&, c] {
        const v1::Object site = MakeStaticSite(name(c), {hostname});
        results[c] = estate.registry()->Create(Identity::Admin(), site, {}).status();
      });
    }
    for (std::thread& claimer : claimers) claimer.join();
    const auto winner = std::ranges::find_if(results, [](const auto& s) { return s.ok(); });
    ASSERT_NE(winner, results.end()) << "nobody got " << hostname;
    const auto holder = static_cast<size_t>(winner - results.begin());
    for (size_t c = 0; c < kClaimers; ++c) {
      if (c == holder) continue;
      EXPECT_EQ(results[c].code(), absl::StatusCode::kAlreadyExists);
      EXPECT_EQ(std::string(results[c].message()),
                fmt::format("spec.domains[0]: \"{}\" is held by Site default/{}", hostname,
                            name(holder)));
    }
  }
  store::Reached("{} hostnames claimed by {} sites each: one holder, named to all others", rounds,
                 kClaimers);
}

// One increment of the label "n" of `key`, as a client of the API does it; false when somebody
// else was faster.
bool TryIncrement(Registry* registry, const ObjectKey& key) {
  const auto found = registry->Get(Identity::Admin(), key);
  EXPECT_OK(found.status());
  if (!found.ok()) return false;
  v1::Object site = static_cast<const v1::Object&>(**found);
  std::string& label = (*Meta(&site)->mutable_labels())["n"];
  label = std::to_string(std::stoll(label) + 1);
  const absl::Status status = registry->Update(Identity::Admin(), site, {}).status();
  EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
  return status.ok();
}

TEST(RegistryProofTest, NoUpdateIsLost) {
  constexpr int kClients = 64, kKeys = 16;
  const int64_t increments = store::CountOf(20'000, 1'000'000);
  Estate estate;
  ASSERT_OK(estate.registry()->EnsureNamespaces());
  std::vector<ObjectKey> keys;
  for (int k = 0; k < kKeys; ++k) {
    keys.push_back({"Site", "default", fmt::format("site{}", k)});
    v1::Object site = MakeStaticSite(keys.back().name);
    (*Meta(&site)->mutable_labels())["n"] = "0";
    ASSERT_OK(estate.registry()->Create(Identity::Admin(), site, {}).status());
  }
  std::vector<std::atomic<int64_t>> done(kKeys);
  std::atomic<int64_t> left{increments}, lost{0};
  std::vector<std::thread> clients;
  for (size_t c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      std::mt19937_64 random(store::SeedOf(20261121) + c);
      while (left.fetch_sub(1) > 0) {
        const uint64_t k = random() % kKeys;
        while (!TryIncrement(estate.registry(), keys[k])) ++lost;
        ++done[k];
      }
    });
  }
  for (std::thread& client : clients) client.join();
  int64_t sum = 0;
  for (size_t k = 0; k < kKeys; ++k) {
    const auto found = estate.registry()->Get(Identity::Admin(), keys[k]);
    ASSERT_OK(found.status());
    const std::string n = schema::Meta(**found).labels().at("n");
    EXPECT_EQ(n, std::to_string(done[k].load())) << keys[k].name;
    sum += std::stoll(n);
  }
  EXPECT_EQ(sum, increments);
  store::Reached("{} updates of {} sites by {} clients: exact sums, {} conflicts answered", sum,
                 kKeys, kClients, lost.load());
}

TEST(RegistryProofTest, WithoutRoomDeletionGoesThroughAndHeartbeatsPass) {
  Estate estate;
  ASSERT_OK(estate.registry()->EnsureNamespaces());
  v1::Object site = MakeStaticSite("blog", {"a.example"});
  Meta(&site)->add_finalizers("reeve/instances");
  ASSERT_OK(estate.registry()->Create(Identity::Controller("test"), site, {}).status());

  estate.Open(/*quota_bytes=*/1);
  Registry* const registry = estate.registry();
  const auto full = [] { return IsError(absl::StatusCode::kResourceExhausted, "raise the quota"); };
  EXPECT_THAT(registry->Create(Identity::Admin(), MakeStaticSite("more"), {}).status(), full());
  const ObjectKey key{"Site", "default", "blog"};
  auto found = registry->Get(Identity::Admin(), key);
  ASSERT_OK(found.status());
  v1::Object changed = *static_cast<const v1::Object*>(found->get());
  (*Meta(&changed)->mutable_labels())["more"] = "text";
  EXPECT_THAT(registry->Update(Identity::Admin(), changed, {}).status(), full());
  EXPECT_OK(registry->Create(Identity::Controller("test"), MakeLease("host1"), {}).status());

  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_name("blog");
  ASSERT_OK(registry->Delete(Identity::Admin(), request).status());
  found = registry->Get(Identity::Admin(), key);
  ASSERT_OK(found.status());
  changed = *static_cast<const v1::Object*>(found->get());
  EXPECT_TRUE(Meta(&changed)->has_deletion_timestamp());
  Meta(&changed)->clear_finalizers();
  EXPECT_OK(registry->Update(Identity::Controller("test"), changed, {}).status());
  EXPECT_EQ(registry->Get(Identity::Admin(), key).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace reeve::apiserver
