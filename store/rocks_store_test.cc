// The conformance suite on RocksDB, and what only a store with a disk below it can do.
#include "base/testing/status_matchers.h"
#include "store/testing/store_conformance.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

class RocksHome final : public StoreHome {
 public:
  explicit RocksHome(bool sync) : sync_(sync) {}
  absl::StatusOr<std::unique_ptr<Store>> Open() override {
    return OpenRocksStore({.dir = dir_ / "db", .ballast_bytes = 0, .sync = sync_});
  }

 private:
  const TempDir dir_;
  const bool sync_;
};

ConformanceParam Rocks(std::string name, bool sync) {
  return {.name = std::move(name),
          .make_home = [sync] { return std::make_unique<RocksHome>(sync); },
          .model_seeds = 1,
          .model_steps = sync ? 3'000 : 40'000,
          .increments = sync ? 50 : 500};
}

INSTANTIATE_TEST_SUITE_P(Rocks, StoreConformance,
                         testing::Values(Rocks("Synced", true), Rocks("Unsynced", false)),
                         ParamName);

TEST(RocksStoreTest, OneProcessAtATime) {
  const TempDir dir;
  const RocksOptions options{.dir = dir / "db", .ballast_bytes = 0};
  ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore(options));
  EXPECT_THAT(OpenRocksStore(options), IsError(absl::StatusCode::kFailedPrecondition, "in use"));
}

TEST(RocksStoreTest, AboveTheQuotaDeletesStillPass) {
  const TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore({.dir = dir / "db", .ballast_bytes = 0}));
    ASSERT_OK(store->Commit(Put("a", "1")).status);
  }
  ASSERT_OK_AND_ASSIGN(const auto store,
                       OpenRocksStore({.dir = dir / "db", .quota_bytes = 1, .ballast_bytes = 0}));
  EXPECT_THAT(store->Commit(Put("b", "")).status,
              IsError(absl::StatusCode::kResourceExhausted, "raise the quota"));
  EXPECT_OK(store->Commit(Delete("a")).status);
}

}  // namespace
}  // namespace reeve::store
