#include "store/rocks_engine.h"

#include <fmt/ranges.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"

namespace reeve::store {
namespace {

constexpr size_t kBlockCacheBytes = 64 << 20;
constexpr size_t kBlockBytes = 16 << 10;  // About ten objects: a list reads all of them.
constexpr uint64_t kWalBytesMax = 128 << 20;
constexpr double kBloomBitsPerKey = 10;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status ToStatus(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = fmt::format("{}: {}", doing, status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(text);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

// At the opening of a database that should be whole, an absent file is a loss too.
// RocksDB does not always say which file it read: then it is one of `growing`.
absl::Status ToOpenStatus(const rocksdb::Status& status, const std::string& dir,
                          const std::vector<std::string>& growing) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = fmt::format("opening the database {} ({}): {}", dir,
                                       fmt::join(growing, ", "), status.ToString());
  const bool locked = text.find("lock ") != std::string::npos;
  if (status.IsIOError() && locked) return absl::FailedPreconditionError(text);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(text);
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument()) {
    return absl::DataLossError(text);
  }
  return ToStatus(status, "opening the database " + dir);
}

// What a power cut makes of a file that grew: its new length is on disk, its last sectors are not
// and read as zeros. RocksDB takes the record that they tore for damage.
constexpr size_t kSectorBytes = 512;

// Cuts such zeros off; true when there were some. What was acknowledged is not in them: had it
// been, the mark says so when the database is open.
bool CutZeros(rocksdb::Env* env, const std::string& path) {
  std::string data;
  if (!rocksdb::ReadFileToString(env, path, &data).ok()) return false;
  const size_t end = data.find_last_not_of('\0') + 1;
  const size_t sector = (end + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
  if (sector >= data.size()) return false;
  Log(LogLevel::kWarning, "cutting off what a power cut tore",
      {{"file", path}, {"bytes", data.size() - end}});
  return env->GetFileSystem()->Truncate(path, end, {}, nullptr).ok();
}

// The files that are appended to: the logs, and the manifest with the highest number.
std::vector<std::string> GrowingFiles(rocksdb::Env* env, const std::string& dir) {
  std::vector<std::string> children;
  if (!env->GetChildren(dir, &children).ok()) return {};
  std::vector<std::string> growing;
  std::string manifest;
  for (const std::string& name : children) {
    if (name.ends_with(".log")) growing.push_back(name);
    if (name.starts_with("MANIFEST-")) manifest = std::max(manifest, name);
  }
  if (!manifest.empty()) growing.push_back(manifest);
  return growing;
}

bool CutTornTails(rocksdb::Env* env, const std::string& dir) {
  bool cut = false;
  for (const std::string& name : GrowingFiles(env, dir)) cut |= CutZeros(env, dir + "/" + name);
  return cut;
}

// Remembers the first background error and forbids going on after it.
class ErrorListener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    Log(LogLevel::kError, "the database failed in the background", {{"error", error->ToString()}});
    MutexLock lock(&mu_);
    if (health_.ok()) health_ = ToStatus(*error, "the database failed in the background");
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  absl::Status health() const {
    MutexLock lock(&mu_);
    return health_;
  }

 private:
  mutable Mutex mu_;
  absl::Status health_ ABSL_GUARDED_BY(mu_);
};

// A log is on disk before the next one begins. RocksDB syncs an older log only when somebody syncs:
// with nothing but unsynced writes around the change of logs, a power cut could keep those in the
// newer log and lose those at the end of the older, and leave a hole.
class OrderedLogs final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "OrderedLogs"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    const bool log = path.ends_with(".log");
    // In the way of all writes: whoever changes logs holds the others back.
    rocksdb::IOStatus status = log ? last_->Sync() : rocksdb::IOStatus::OK();
    if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, options, result, debug);
    if (status.ok() && log) *result = std::make_unique<Log>(std::move(*result), last_);
    return status;
  }

 private:
  class Log;
  // The log that is being written.
  class Last {
   public:
    void Set(Log* log) {
      MutexLock lock(&mu_);
      log_ = log;
    }
    void Unset(const Log* log) {
      MutexLock lock(&mu_);
      if (log_ == log) log_ = nullptr;
    }
    rocksdb::IOStatus Sync() {
      MutexLock lock(&mu_);
      return log_ == nullptr ? rocksdb::IOStatus::OK() : log_->Sync({}, nullptr);
    }

   private:
    Mutex mu_;
    Log* log_ ABSL_GUARDED_BY(mu_) = nullptr;
  };
  class Log final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Log(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<Last> last)
        : FSWritableFileOwnerWrapper(std::move(file)), last_(std::move(last)) {
      last_->Set(this);
    }
    ~Log() override { last_->Unset(this); }

    rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      last_->Unset(this);
      return FSWritableFileOwnerWrapper::Close(options, debug);
    }

   private:
    const std::shared_ptr<Last> last_;
  };

  const std::shared_ptr<Last> last_ = std::make_shared<Last>();
};

class OrderedLogsEnv final : public rocksdb::EnvWrapper {
 public:
  explicit OrderedLogsEnv(rocksdb::Env* base)
      : OrderedLogsEnv(base, std::make_shared<OrderedLogs>(base->GetFileSystem())) {}
  const char* Name() const override { return "OrderedLogsEnv"; }

 private:
  OrderedLogsEnv(const rocksdb::Env* base, const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = base->GetSystemClock();
  }
};

rocksdb::Options MakeOptions(const RocksEngine::Options& options, rocksdb::Env* env) {
  rocksdb::Options made;
  made.create_if_missing = options.create;
  made.paranoid_checks = true;
  made.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  made.track_and_verify_wals_in_manifest = true;
  made.max_bgerror_resume_count = 0;
  made.write_buffer_size = options.write_buffer_bytes;
  made.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  made.env = env;
  made.max_total_wal_size = kWalBytesMax;
  made.compression = rocksdb::kLZ4Compression;
  made.keep_log_file_num = 2;
  made.info_log_level = rocksdb::WARN_LEVEL;
  made.stats_dump_period_sec = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.checksum = rocksdb::kXXH3;
  table.block_size = kBlockBytes;
  made.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return made;
}

// What RocksDB's batch needs beside keys and values: for itself, and for each operation.
constexpr size_t kBatchHeadBytes = 12;
constexpr size_t kOpHeadBytesMax = 11;

rocksdb::WriteBatch ToRocks(const EngineBatch& batch) {
  size_t size = kBatchHeadBytes;
  for (const EngineBatch::Op& op : batch.ops())
    size += kOpHeadBytesMax + op.key.size() + op.value.size();
  rocksdb::WriteBatch made(size);
  for (const EngineBatch::Op& op : batch.ops()) {
    switch (op.kind) {
      case EngineBatch::Op::Kind::kPut:
        made.Put(op.key, op.value);
        break;
      case EngineBatch::Op::Kind::kDelete:
        made.Delete(op.key);
        break;
      case EngineBatch::Op::Kind::kDeleteRange:
        made.DeleteRange(op.key, op.value);
        break;
    }
  }
  return made;
}

const Histogram& SyncSeconds() {
  static const Histogram* const histogram = new Histogram(
      "reeve_store_sync_seconds", "Synced writes of the store's log.",
      {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5});
  return *histogram;
}

class Impl final : public RocksEngine, public std::enable_shared_from_this<Impl> {
 public:
  Impl(Options options, std::unique_ptr<rocksdb::Env> env, std::shared_ptr<ErrorListener> listener,
       std::unique_ptr<rocksdb::DB> db, std::vector<std::string> growing)
      : options_(std::move(options)),
        env_(std::move(env)),
        listener_(std::move(listener)),
        growing_(std::move(growing)),
        db_(std::move(db)) {}

  absl::Status Write(const EngineBatch& batch, bool sync) override;
  std::shared_ptr<const EngineSnapshot> Snapshot() override;
  absl::Status Checkpoint(const std::string& dir) const override;
  absl::Status Health() const override { return listener_->health(); }
  absl::Status Verified() override {
    verifier_.reset();
    return verified_;
  }
  uint64_t used_bytes() const override;
  const std::vector<std::string>& growing_files() const override { return growing_; }
  rocksdb::DB* db() const { return db_.get(); }

 private:
  rocksdb::Status WriteSynced(const EngineBatch& batch);

  const Options options_;  // Its lock goes after the database.
  const std::unique_ptr<rocksdb::Env> env_;
  const std::shared_ptr<ErrorListener> listener_;
  const std::vector<std::string> growing_;
  const std::unique_ptr<rocksdb::DB> db_;
  absl::Status verified_;  // Of verifier_, until that has ended.
  std::unique_ptr<Thread> verifier_ = std::make_unique<Thread>("store-verify", [this] {
    verified_ = ToOpenStatus(db_->VerifyFileChecksums({}), options_.dir, growing_);
  });
};

class RocksSnapshot final : public EngineSnapshot {
 public:
  explicit RocksSnapshot(std::shared_ptr<const Impl> engine)
      : engine_(std::move(engine)), snapshot_(engine_->db()->GetSnapshot()) {}
  ~RocksSnapshot() override { engine_->db()->ReleaseSnapshot(snapshot_); }

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = engine_->db()->Get(ReadOptions(), ToSlice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    RETURN_IF_ERROR(ToStatus(status, "reading the database"));
    return std::optional<std::string>(std::move(value));
  }

  absl::Status Scan(
      std::string_view first, std::string_view last,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    rocksdb::ReadOptions options = ReadOptions();
    const rocksdb::Slice end = ToSlice(last);
    if (!last.empty()) options.iterate_upper_bound = &end;
    const std::unique_ptr<rocksdb::Iterator> it(engine_->db()->NewIterator(options));
    for (it->Seek(ToSlice(first)); it->Valid(); it->Next()) {
      if (!visit(ToView(it->key()), ToView(it->value()))) break;
    }
    return ToStatus(it->status(), "scanning the database");
  }

 private:
  rocksdb::ReadOptions ReadOptions() const {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    return options;
  }

  const std::shared_ptr<const Impl> engine_;
  const rocksdb::Snapshot* const snapshot_;
};

absl::Status Impl::Write(const EngineBatch& batch, bool sync) {
  // RocksDB asserts that nobody writes to a log that failed.
  RETURN_IF_ERROR(Health());
  if (sync && options_.sync) return ToStatus(WriteSynced(batch), "writing to the database");
  rocksdb::WriteBatch made = ToRocks(batch);
  return ToStatus(db_->Write({}, &made), "writing to the database");
}

rocksdb::Status Impl::WriteSynced(const EngineBatch& batch) {
  if (batch.empty()) return db_->SyncWAL();
  const absl::Duration start = RealClock()->Read().mono;
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::WriteBatch made = ToRocks(batch);
  const rocksdb::Status status = db_->Write(options, &made);
  SyncSeconds().Observe(absl::ToDoubleSeconds(RealClock()->Read().mono - start));
  return status;
}

std::shared_ptr<const EngineSnapshot> Impl::Snapshot() {
  return std::make_shared<RocksSnapshot>(shared_from_this());
}

// What is in memory is written to a table file first, so that no log has to be copied.
absl::Status Impl::Checkpoint(const std::string& dir) const {
  rocksdb::Checkpoint* made = nullptr;
  RETURN_IF_ERROR(
      ToStatus(rocksdb::Checkpoint::Create(db_.get(), &made), "preparing a copy of the database"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  return ToStatus(checkpoint->CreateCheckpoint(dir, /*log_size_for_flush=*/0),
                  "copying the database to " + dir);
}

uint64_t Impl::used_bytes() const {
  uint64_t files = 0;
  uint64_t memory = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &files);
  db_->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &memory);
  return files + memory;
}

}  // namespace

absl::StatusOr<std::shared_ptr<RocksEngine>> RocksEngine::Open(Options options) {
  auto listener = std::make_shared<ErrorListener>();
  void* const disk = options.disk->rocks_env();
  auto env = std::make_unique<OrderedLogsEnv>(disk == nullptr ? rocksdb::Env::Default()
                                                              : static_cast<rocksdb::Env*>(disk));
  rocksdb::Options rocks = MakeOptions(options, env.get());
  rocks.listeners.push_back(listener);
  const std::vector<std::string> growing = GrowingFiles(rocks.env, options.dir);
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(rocks, options.dir, &opened);
  if (status.IsCorruption() && CutTornTails(rocks.env, options.dir))
    status = rocksdb::DB::Open(rocks, options.dir, &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return ToOpenStatus(status, options.dir, growing);
  return std::make_shared<Impl>(std::move(options), std::move(env), std::move(listener),
                                std::move(db), growing);
}

}  // namespace reeve::store
