// OpenRocksStore: the engine, the mark, the lock and the guard of one directory, put together.
//
//   DIR/rocks/       the database            DIR/mark      what was acknowledged (mark.h)
//   DIR/lock         held while open         DIR/ballast   space to give back (space_guard.h)
//   DIR/accept-loss  made by the owner: go on with what is there as a new epoch
//   DIR/accept-copy  made by the owner: this is a copy, and of the newest (a store that was moved)
//                    both are removed once that is done
#include <fmt/ranges.h>
#include <sys/random.h>

#include <filesystem>

#include "base/durable_file.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "base/status.h"
#include "store/file_mark.h"
#include "store/mvcc_store.h"
#include "store/rocks_engine.h"
#include "store/space_guard.h"
#include "store/store.h"

namespace reeve::store {
namespace {

constexpr absl::Duration kSpaceCheckPeriod = absl::Seconds(1);

std::string RandomEpoch() {
  uint64_t words[2] = {};
  CHECK(getrandom(words, sizeof words, 0) == sizeof words, "small requests are never cut short");
  return fmt::format("{:016x}{:016x}", words[0], words[1]);
}

struct Paths {
  explicit Paths(const std::string& dir)
      : rocks(dir + "/rocks"),
        mark(dir + "/mark"),
        ballast(dir + "/ballast"),
        accept_loss(dir + "/accept-loss"),
        accept_copy(dir + "/accept-copy") {}
  const std::string rocks, mark, ballast, accept_loss, accept_copy;
};

// A guard and the thread that makes it look.
class GuardThread {
 public:
  explicit GuardThread(SpaceGuard::Options options)
      : used_bytes_(options.used_bytes), guard_(std::move(options)) {
    Check();
    thread_ = std::make_unique<Thread>("store-space", [this] {
      while (!stop_.WaitFor(kSpaceCheckPeriod)) Check();
    });
  }
  ~GuardThread() {
    stop_.Notify();
    thread_.reset();
  }
  absl::Status room() const { return guard_.room(); }

 private:
  void Check() {
    guard_.Check();
    size_gauge_.Set(static_cast<double>(used_bytes_()));
    writable_gauge_.Set(guard_.room().ok() ? 1 : 0);
  }

  const Gauge size_gauge_{"reeve_store_size_bytes", "Size of the store's database."};
  const Gauge writable_gauge_{"reeve_store_room", "1 while the store has room to grow, else 0."};
  const std::function<uint64_t()> used_bytes_;
  SpaceGuard guard_;
  Notification stop_;
  std::unique_ptr<Thread> thread_;
};

// Says what the owner can do about a loss.
absl::Status WithAdvice(const absl::Status& status, const Paths& paths, const std::string& dir) {
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  return DataLoss(
      "{}. Nothing was served. Restore {} from a backup; or, where the database itself can be "
      "opened, make the empty file {} to go on with what is there as a new epoch; or, where you "
      "moved the store and nothing was written since, the empty file {}",
      Message(status), dir, paths.accept_loss, paths.accept_copy);
}

absl::StatusOr<std::unique_ptr<FileMark>> OpenMark(const Paths& paths,
                                                   const std::shared_ptr<Disk>& disk,
                                                   bool accept_loss) {
  const bool accept_copy = std::filesystem::exists(paths.accept_copy);
  absl::StatusOr<std::unique_ptr<FileMark>> mark = FileMark::Open(paths.mark, disk, accept_copy);
  if (mark.ok() || !accept_loss) return mark;
  RETURN_IF_ERROR(disk->Remove(paths.mark));
  return FileMark::Open(paths.mark, disk);
}

SpaceGuard::Options GuardOptions(const RocksOptions& options, const Paths& paths,
                                 const std::shared_ptr<RocksEngine>& engine) {
  return {.ballast_path = paths.ballast,
          .ballast_bytes = options.ballast_bytes,
          .quota_bytes = options.quota_bytes,
          .used_bytes = [engine] { return engine->used_bytes(); },
          .free_bytes = [dir = options.dir, disk = options.disk] { return disk->FreeBytes(dir); }};
}

absl::StatusOr<std::unique_ptr<Store>> OpenLocked(const RocksOptions& options, const Paths& paths,
                                                  std::unique_ptr<DirLock> lock) {
  const bool accept_loss = std::filesystem::exists(paths.accept_loss);
  ASSIGN_OR_RETURN(std::shared_ptr<Mark> mark, OpenMark(paths, options.disk, accept_loss));
  ASSIGN_OR_RETURN(std::shared_ptr<RocksEngine> engine,
                   RocksEngine::Open({.dir = paths.rocks,
                                      .create = !mark->found() || accept_loss,
                                      .sync = options.sync,
                                      .write_buffer_bytes = options.write_buffer_bytes,
                                      .disk = options.disk,
                                      .lock = std::move(lock)}));
  MvccOptions mvcc;
  mvcc.recovery = {.epoch = RandomEpoch(),
                   .new_epoch = accept_loss,
                   .location = fmt::format("{} ({}; beside {})", paths.rocks,
                                           fmt::join(engine->growing_files(), ", "), paths.mark),
                   .verified = [engine] { return engine->Verified(); }};
  mvcc.mark = std::move(mark);
  auto guard = std::make_shared<GuardThread>(GuardOptions(options, paths, engine));
  mvcc.room = [guard] { return guard->room(); };
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                   MvccStore::Open(std::move(engine), std::move(mvcc)));
  if (accept_loss) RETURN_IF_ERROR(RemoveFile(paths.accept_loss));
  if (std::filesystem::exists(paths.accept_copy)) RETURN_IF_ERROR(RemoveFile(paths.accept_copy));
  return store;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const RocksOptions& options) {
  RETURN_IF_ERROR(MakeDirs(options.dir));
  ASSIGN_OR_RETURN(std::unique_ptr<DirLock> lock, DirLock::Acquire(options.dir));
  const Paths paths(options.dir);
  absl::StatusOr<std::unique_ptr<Store>> store = OpenLocked(options, paths, std::move(lock));
  if (!store.ok()) return WithAdvice(store.status(), paths, options.dir);
  return store;
}

}  // namespace reeve::store
