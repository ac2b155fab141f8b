#include "store/mem_store.h"

#include <algorithm>

#include "base/status.h"
#include "store/mvcc_store.h"

namespace reeve::store {
namespace {

// A mark that is on its disk at once.
class MemMark final : public Mark {
 public:
  explicit MemMark(std::shared_ptr<std::optional<MarkState>> disk)
      : disk_(std::move(disk)), found_(*disk_) {}

  const std::optional<MarkState>& found() const override { return found_; }
  absl::Status Start(const std::string& epoch, Revision durable) override {
    MutexLock lock(&mu_);
    *disk_ = MarkState{epoch, durable, durable + kRevisionsReserved, /*clean=*/false};
    return absl::OkStatus();
  }
  void Raise(Revision durable) override {
    MutexLock lock(&mu_);
    (*disk_)->durable = std::max((*disk_)->durable, durable);
    (*disk_)->ceiling = std::max((*disk_)->ceiling, durable + kRevisionsReserved / 2);
  }
  Revision ceiling() const override {
    MutexLock lock(&mu_);
    return (*disk_)->ceiling;
  }
  void Close(Revision durable) override {
    MutexLock lock(&mu_);
    *disk_ = MarkState{(*disk_)->epoch, durable, durable, /*clean=*/true};
  }

 private:
  mutable Mutex mu_;  // Guards *disk_.
  const std::shared_ptr<std::optional<MarkState>> disk_;
  const std::optional<MarkState> found_;
};

}  // namespace

void MemDisk::Kill() const { engine->FailWrites(Unavailable("the process was killed")); }

void MemDisk::Crash() const {
  engine->Crash();
  Kill();
}

MemDisk MemDisk::Clone() const {
  return {engine->Clone(), std::make_shared<std::optional<MarkState>>(*mark)};
}

absl::StatusOr<std::unique_ptr<Store>> OpenMemStore(const MemDisk& disk, std::string epoch) {
  disk.engine->FailWrites(absl::OkStatus());
  MvccOptions options;
  options.recovery.epoch = std::move(epoch);
  options.mark = std::make_shared<MemMark>(disk.mark);
  return MvccStore::Open(disk.engine, std::move(options));
}

std::unique_ptr<Store> NewMemStore(std::string epoch) {
  MvccOptions options;
  options.recovery.epoch = std::move(epoch);
  absl::StatusOr<std::unique_ptr<MvccStore>> store =
      MvccStore::Open(std::make_shared<MemEngine>(), std::move(options));
  CHECK(store.ok(), "a new engine in memory holds nothing that could be refused");
  return *std::move(store);
}

}  // namespace reeve::store
