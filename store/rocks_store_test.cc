// The conformance suite on RocksDB, and what only a store with a disk below it can do.
#include <stdlib.h>

#include <filesystem>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/store_conformance.h"

namespace reeve::store {
namespace {

// A directory that goes with the test.
class TempDir {
 public:
  TempDir() {
    std::string name = std::filesystem::temp_directory_path() / "reeve-store-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr, "the temporary directory is writable");
    path_ = name;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

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
          .make_home = [sync] { return std::make_unique<RocksHome>(sync); }};
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

}  // namespace
}  // namespace reeve::store
