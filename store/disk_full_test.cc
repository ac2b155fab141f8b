// A disk that runs full under a store, and gets room again. tests/proof/README.md.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/fault_fs.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

using absl::StatusCode;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kBallast = 2 * kMiB;

// The store looks once a second.
bool Until(const std::function<bool()>& done) {
  const absl::Duration deadline = RealClock()->Read().mono + absl::Seconds(60);
  while (!done()) {
    if (RealClock()->Read().mono > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// 20 KB that do not compress.
absl::Status PutSome(Store* store, const std::string& key) {
  std::mt19937_64 random(std::hash<std::string>()(key));
  std::string value(20'000, '\0');
  for (char& c : value) c = static_cast<char>(random());
  return store->Commit(Put(key, std::move(value))).status;
}

Txn Heartbeat() {
  Txn txn = Ephemeral(Put("lease", "now"));
  txn.makes_room = true;
  return txn;
}

// What everybody may rely on when there is no room.
void ExpectOnlyGrowthIsRefused(Store* store) {
  EXPECT_THAT(PutSome(store, "more"), IsError(StatusCode::kResourceExhausted, "free some space"));
  EXPECT_THAT(store->Writable(), IsError(StatusCode::kResourceExhausted, "free some space"));
  EXPECT_OK(store->Commit(Heartbeat()).status);
  EXPECT_OK(store->Commit(Delete("k0")).status);
  Txn leaving = Put("k1", "being deleted");
  leaving.makes_room = true;
  EXPECT_OK(store->Commit(std::move(leaving)).status);
  EXPECT_OK(store->Compact(store->revision()));
  ASSERT_OK_AND_ASSIGN(const auto view, store->Read());
  ASSERT_OK_AND_ASSIGN(const auto version, view->Get("k2"));
  EXPECT_TRUE(version.has_value());
}

// A disk of 24 MiB, where this test may mount one.
class SmallDisk {
 public:
  SmallDisk() {
    std::filesystem::create_directories(path());
    mounted_ = mount("none", path().c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string path() const { return dir_ / "small"; }

 private:
  const TempDir dir_;
  bool mounted_ = false;
};

// Somebody else's file takes what there is, but for `left` bytes.
void FillUp(const std::string& path, uint64_t left) {
  const uint64_t free = MachineDisk()->FreeBytes(path);
  std::ofstream(path + "/somebody-else")
      << std::string(free > left ? free - left : 0, 'x') << std::flush;
}

TEST(DiskFullTest, ARealDiskRunsFullAndGetsRoomAgain) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "only root can mount a small disk";
  ASSERT_OK_AND_ASSIGN(const auto store,
                       OpenRocksStore({.dir = disk.path() + "/db", .ballast_bytes = kBallast}));
  for (int i = 0; i < 20; ++i) ASSERT_OK(PutSome(store.get(), fmt::format("k{}", i)));
  FillUp(disk.path(), kMiB);
  ASSERT_TRUE(Until([&] { return !store->Writable().ok(); }));
  ExpectOnlyGrowthIsRefused(store.get());
  std::filesystem::remove(disk.path() + "/somebody-else");
  ASSERT_TRUE(Until([&] { return store->Writable().ok(); }));
  EXPECT_OK(PutSome(store.get(), "more"));
}

// Nothing is left at all, at once: the database's own write fails. Nothing is acknowledged any
// more; once there is room, opening it again finds everything that was.
TEST(DiskFullTest, AWriteThatDoesNotFitLosesNothing) {
  const TempDir dir;
  const auto disk = std::make_shared<FaultFs>(1);
  const RocksOptions options{
      .dir = dir / "db", .ballast_bytes = 0, .write_buffer_bytes = 64 << 10, .disk = disk};
  int acknowledged = 0;
  {
    ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore(options));
    disk->SetCapacity(disk->used_bytes() + kMiB);
    absl::Status status;
    for (; status.ok() && acknowledged < 1000; acknowledged += status.ok() ? 1 : 0)
      status = PutSome(store.get(), fmt::format("k{}", acknowledged));
    EXPECT_THAT(status, IsError(StatusCode::kUnavailable, "must be restarted"));
    EXPECT_THAT(store->Commit(Delete("k0")).status, IsError(StatusCode::kUnavailable, "no space"));
    ASSERT_OK_AND_ASSIGN(const auto view, store->Read());
    ASSERT_OK_AND_ASSIGN(const auto version, view->Get("k0"));
    EXPECT_TRUE(version.has_value()) << "reads go on";
  }
  EXPECT_GT(acknowledged, 10);
  disk->SetCapacity(UINT64_MAX);
  ASSERT_OK_AND_ASSIGN(const auto store, OpenRocksStore(options));
  ASSERT_OK_AND_ASSIGN(const auto view, store->Read());
  for (int i = 0; i < acknowledged; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto version, view->Get(fmt::format("k{}", i)));
    EXPECT_TRUE(version.has_value()) << i;
  }
  EXPECT_OK(PutSome(store.get(), "more"));
}

// Where no disk can be mounted: the same with a disk in memory.
TEST(DiskFullTest, ADiskRunsLowAndGetsRoomAgain) {
  const TempDir dir;
  const auto disk = std::make_shared<FaultFs>(2);
  ASSERT_OK_AND_ASSIGN(
      const auto store,
      OpenRocksStore({.dir = dir / "db", .ballast_bytes = kBallast, .disk = disk}));
  for (int i = 0; i < 20; ++i) ASSERT_OK(PutSome(store.get(), fmt::format("k{}", i)));
  disk->SetCapacity(disk->used_bytes() + kMiB);
  ASSERT_TRUE(Until([&] { return !store->Writable().ok(); }));
  ExpectOnlyGrowthIsRefused(store.get());
  disk->SetCapacity(UINT64_MAX);
  ASSERT_TRUE(Until([&] { return store->Writable().ok(); }));
  EXPECT_OK(PutSome(store.get(), "more"));
  Reached(
      "disk full: growth refused with the reason; heartbeats, deletes and compaction pass; "
      "writes again by itself");
}

}  // namespace
}  // namespace reeve::store
