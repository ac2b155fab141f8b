// What the store does beyond the conformance suite: failures of the engine, crashes, the mark,
// bounds.
#include "store/mvcc_store.h"

#include <gmock/gmock.h>

#include <atomic>

#include "base/executor.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/mem_store.h"
#include "store/testing/store_conformance.h"

namespace reeve::store {
namespace {

using absl::StatusCode;

std::unique_ptr<Store> MustOpen(const MemDisk& disk) {
  auto store = OpenMemStore(disk, "epoch");
  CHECK(store.ok(), store.status().ToString());
  return *std::move(store);
}

std::string ValueOf(Store* store, const std::string& key) {
  const auto view = store->Read();
  const auto version = (*view)->Get(key);
  return *version ? (*version)->value : "absent";
}

TEST(MvccStoreTest, AfterAnErrorOfTheEngineNothingIsAcknowledgedButReadsGoOn) {
  const MemDisk disk;
  const auto store = MustOpen(disk);
  store->Commit(Put("a", "1"));
  disk.engine->FailWrites(absl::InternalError("input/output error"));
  EXPECT_THAT(store->Commit(Put("a", "2")).status,
              IsError(StatusCode::kUnavailable, "input/output"));
  disk.engine->FailWrites(absl::OkStatus());
  EXPECT_THAT(store->Commit(Put("a", "3")).status, IsError(StatusCode::kUnavailable, "restarted"));
  EXPECT_THAT(store->Writable(), IsError(StatusCode::kUnavailable, "restarted"));
  EXPECT_EQ(ValueOf(store.get(), "a"), "1");
  EXPECT_EQ(store->revision(), 1);
}

TEST(MvccStoreTest, APowerCutTakesOnlyEphemeralCommitsAndNoRevisionIsUsedTwice) {
  const MemDisk disk;
  auto store = MustOpen(disk);
  store->Commit(Ephemeral(Put("lease", "1")));
  store->Commit(Put("a", "2"));
  const Revision shown = store->Commit(Ephemeral(Put("lease", "3"))).revision;
  disk.Crash();
  store.reset();
  store = MustOpen(disk);
  EXPECT_EQ(ValueOf(store.get(), "a"), "2");
  EXPECT_EQ(ValueOf(store.get(), "lease"), "1");
  EXPECT_GT(store->Commit(Put("b", "")).revision, shown);
}

TEST(MvccStoreTest, WhoSawALostRevisionMustListAgainEvenMuchLater) {
  const MemDisk disk;
  auto store = MustOpen(disk);
  store->Commit(Put("a", "1"));
  store->Commit(Ephemeral(Put("lease", "2")));
  disk.Crash();
  store.reset();
  for (int life = 0; life < 3; ++life) {
    store = MustOpen(disk);
    EXPECT_THAT(store->Watch("", "", 2, [] {}),
                IsError(StatusCode::kOutOfRange, "lost in a crash"));
    EXPECT_THAT(store->Read(2), IsError(StatusCode::kOutOfRange, "lost in a crash"));
    ASSERT_OK_AND_ASSIGN(const auto watcher, store->Watch("", "", 1, [] {}));
    const Revision next = store->Commit(Put("b", "")).revision;
    if (life > 0) continue;
    ASSERT_OK_AND_ASSIGN(const auto batch, watcher->Next());
    EXPECT_EQ(batch->revision, next);
  }
  EXPECT_OK(store->Read(store->revision()));
}

TEST(MvccStoreTest, UncleanStopsTakeNoRoomInTheLog) {
  constexpr int kStops = 30;
  const MemDisk disk;
  auto store = MustOpen(disk);
  const Revision start = store->revision();
  for (int stop = 0; stop < kStops; ++stop) {
    store->Commit(Put("a", std::to_string(stop)));
    disk.Crash();
    store.reset();
    store = MustOpen(disk);
    ASSERT_OK(store->Compact(store->FloorKeeping(kStops)));
  }
  EXPECT_GT(store->revision(), start + kStops * kRevisionsReserved / 2);
  ASSERT_OK_AND_ASSIGN(const auto watcher, store->Watch("", "", start, [] {}));
  for (int stop = 0; stop < kStops; ++stop) {
    ASSERT_OK_AND_ASSIGN(const auto batch, watcher->Next());
    ASSERT_TRUE(batch.has_value());
    EXPECT_EQ(batch->changes[0].version.value, std::to_string(stop));
  }
  ASSERT_OK(store->Compact(store->FloorKeeping(kStops - 1)));
  EXPECT_THAT(store->Watch("", "", start, [] {}), IsError(StatusCode::kOutOfRange, "compacted"));
}

TEST(MvccStoreTest, AKilledProcessLosesNothing) {
  const MemDisk disk;
  auto store = MustOpen(disk);
  store->Commit(Put("a", "1"));
  store->Commit(Ephemeral(Put("lease", "2")));
  disk.Kill();
  store.reset();
  store = MustOpen(disk);
  EXPECT_EQ(ValueOf(store.get(), "lease"), "2");
}

// Beyond the ceiling an ephemeral commit is synced, so that a crash cannot take a revision that
// might come again.
TEST(MvccStoreTest, EphemeralCommitsNeverPassTheCeilingUnsynced) {
  const MemDisk disk;
  auto store = MustOpen(disk);
  Revision shown = 0;
  for (Revision i = 0; i < kRevisionsReserved + 10; ++i) {
    shown = store->Commit(Ephemeral(Put("lease", std::to_string(i)))).revision;
  }
  disk.Crash();
  store.reset();
  store = MustOpen(disk);
  EXPECT_GT(store->Commit(Put("b", "")).revision, shown);
}

TEST(MvccStoreTest, LessThanTheMarkSaysIsRefused) {
  MemDisk disk;
  auto store = MustOpen(disk);
  store->Commit(Put("a", "1"));
  const MemDisk backup = disk.Clone();
  store->Commit(Put("a", "2"));
  store.reset();
  disk.engine = backup.engine;
  EXPECT_THAT(OpenMemStore(disk, "e"),
              IsError(StatusCode::kDataLoss, "revision 2 was acknowledged"));
  disk.engine = std::make_shared<MemEngine>();
  EXPECT_THAT(OpenMemStore(disk, "e"), IsError(StatusCode::kDataLoss, "the database is gone"));
  *disk.mark = std::nullopt;
  disk.engine = backup.engine;
  EXPECT_THAT(OpenMemStore(disk, "e"), IsError(StatusCode::kDataLoss, "the mark is missing"));
}

TEST(MvccStoreTest, AWatcherThatFallsFarBehindIsToldSo) {
  MvccOptions options;
  options.watch_batches_max = 2;
  options.watch_lag_max = 5;
  ASSERT_OK_AND_ASSIGN(const auto store, MvccStore::Open(std::make_shared<MemEngine>(), options));
  ASSERT_OK_AND_ASSIGN(const auto watcher, store->Watch("", "", 0, [] {}));
  ASSERT_OK_AND_ASSIGN(auto batch, watcher->Next());
  EXPECT_EQ(batch, std::nullopt);
  for (int i = 0; i < 4; ++i) store->Commit(Put("a", ""));
  ASSERT_OK(watcher->Next());
  for (int i = 0; i < 10; ++i) store->Commit(Put("a", ""));
  while (watcher->last_revision() < 4) ASSERT_OK(watcher->Next());
  EXPECT_THAT(watcher->Next(), IsError(StatusCode::kResourceExhausted, "behind"));
  ASSERT_OK_AND_ASSIGN(const auto again, store->Watch("", "", watcher->last_revision(), [] {}));
  ASSERT_OK_AND_ASSIGN(batch, again->Next());
  EXPECT_EQ(batch->revision, 5);
}

TEST(MvccStoreTest, WithoutRoomPutsAreRefusedAndDeletesPass) {
  bool room = true;
  MvccOptions options;
  options.room = [&] {
    return room ? absl::OkStatus() : absl::ResourceExhaustedError("disk full");
  };
  ASSERT_OK_AND_ASSIGN(const auto store, MvccStore::Open(std::make_shared<MemEngine>(), options));
  store->Commit(Put("a", "1"));
  room = false;
  EXPECT_THAT(store->Commit(Put("b", "")).status,
              IsError(StatusCode::kResourceExhausted, "disk full"));
  EXPECT_THAT(store->Writable(), IsError(StatusCode::kResourceExhausted, "disk full"));
  EXPECT_OK(store->Commit(Delete("a")).status);
  EXPECT_EQ(store->revision(), 2);
}

// An engine whose writes wait for the test.
class GatedEngine final : public Engine {
 public:
  absl::Status Write(const EngineBatch& batch, bool sync) override {
    if (armed && sync) {
      entered.Notify();
      gate.WaitFor(absl::Seconds(30));
    }
    return inner.Write(batch, sync);
  }
  std::shared_ptr<const EngineSnapshot> Snapshot() override { return inner.Snapshot(); }
  absl::Status Health() const override { return absl::OkStatus(); }

  MemEngine inner;
  std::atomic<bool> armed = false;
  Notification entered;
  Notification gate;
};

TEST(MvccStoreTest, NothingIsShownBeforeItIsOnDisk) {
  const auto engine = std::make_shared<GatedEngine>();
  ASSERT_OK_AND_ASSIGN(const auto store, MvccStore::Open(engine, {}));
  engine->armed = true;
  std::vector<std::unique_ptr<Thread>> threads;
  const auto commit = [&](int i) {
    threads.push_back(std::make_unique<Thread>(
        "committer", [&store, i] { EXPECT_OK(store->Commit(Put(std::to_string(i), "")).status); }));
  };
  commit(0);
  ASSERT_TRUE(engine->entered.WaitFor(absl::Seconds(30)));
  for (int i = 1; i < 9; ++i) commit(i);
  ASSERT_OK_AND_ASSIGN(const auto view, store->Read(0));
  EXPECT_EQ(view->revision(), 0) << "a commit was shown before it was on disk";
  engine->armed = false;
  engine->gate.Notify();
  threads.clear();
  EXPECT_EQ(store->revision(), 9);
}

}  // namespace
}  // namespace reeve::store
