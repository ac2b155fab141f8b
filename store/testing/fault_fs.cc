#include "store/testing/fault_fs.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"

namespace reeve::store {
namespace {

constexpr size_t kSectorBytes = 512;
constexpr uint64_t kForEver = UINT64_MAX;

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using Call = FaultFs::Call;

std::string DirOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string Tidy(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

absl::Status ToStatus(const IOStatus& status, const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNoSpace()) return ResourceExhausted("writing {}: {}", path, status.ToString());
  if (status.IsNotFound() || status.IsPathNotFound()) return NotFound("{}", path);
  return Unavailable("{}: {}", path, status.ToString());
}

}  // namespace

// The two states of the disk, behind one lock.
class FaultFs::Core {
 public:
  struct Inode {
    std::string data;
    size_t synced = 0;
    std::vector<std::pair<size_t, size_t>> lost;  // Ranges that a failed sync was for.
    int64_t born = 0;
  };
  using File = std::shared_ptr<Inode>;

  explicit Core(uint64_t seed) : random_(seed) {}

  IOStatus Create(const std::string& path, File* file) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kCreate, path); !status.ok()) return status;
    *file = std::make_shared<Inode>();
    (*file)->born = ++births_;
    LinkLocked(path, *file);
    return IOStatus::OK();
  }

  IOStatus Open(const std::string& path, File* file) {
    MutexLock lock(&mu_);
    if (!powered_) return Dark(path);
    const auto found = names_.find(path);
    if (found == names_.end()) return IOStatus::PathNotFound("no such file", path);
    *file = found->second;
    return IOStatus::OK();
  }

  IOStatus Append(const File& file, const Slice& data, const std::string& path) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kWrite, path); !status.ok()) return status;
    const uint64_t used = UsedLocked();
    const uint64_t room = capacity_ > used ? capacity_ - used : 0;
    file->data.append(data.data(), std::min<uint64_t>(room, data.size()));
    return room >= data.size() ? IOStatus::OK() : IOStatus::NoSpace("no space left", path);
  }

  IOStatus Truncate(const File& file, uint64_t size, const std::string& path) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kWrite, path); !status.ok()) return status;
    file->data.resize(size);
    file->synced = std::min<size_t>(file->synced, size);
    return IOStatus::OK();
  }

  IOStatus Sync(const File& file, const std::string& path) {
    MutexLock lock(&mu_);
    IOStatus status = EnterLocked(Call::kSync, path);
    if (!status.ok() && powered_) file->lost.emplace_back(file->synced, file->data.size());
    if (powered_) file->synced = file->data.size();
    return status;
  }

  IOStatus SyncDir(const std::string& dir) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kSyncDir, dir); !status.ok()) return status;
    for (const NameChange& change : pending_[dir]) ApplyLocked(change, &durable_names_);
    pending_[dir].clear();
    return IOStatus::OK();
  }

  IOStatus Rename(const std::string& from, const std::string& to) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kRename, from); !status.ok()) return status;
    const auto found = names_.find(from);
    if (found == names_.end()) return IOStatus::PathNotFound("no such file", from);
    ChangeLocked({.removed = from, .added = to, .file = found->second});
    return IOStatus::OK();
  }

  IOStatus Unlink(const std::string& path) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kDelete, path); !status.ok()) return status;
    if (!names_.contains(path)) return IOStatus::PathNotFound("no such file", path);
    ChangeLocked({.removed = path, .added = "", .file = nullptr});
    return IOStatus::OK();
  }

  IOStatus ReadAt(const File& file, uint64_t offset, size_t size, char* scratch, Slice* result,
                  const std::string& path) {
    MutexLock lock(&mu_);
    if (IOStatus status = EnterLocked(Call::kRead, path); !status.ok()) return status;
    const size_t from = std::min<size_t>(offset, file->data.size());
    const size_t length = std::min(size, file->data.size() - from);
    std::memcpy(scratch, file->data.data() + from, length);
    *result = Slice(scratch, length);
    return IOStatus::OK();
  }

  uint64_t SizeOf(const File& file) {
    MutexLock lock(&mu_);
    return file->data.size();
  }

  IOStatus MakeDir(const std::string& dir) {
    MutexLock lock(&mu_);
    if (!powered_) return Dark(dir);
    dirs_.insert(dir);
    return IOStatus::OK();
  }
  bool IsDir(const std::string& path) {
    MutexLock lock(&mu_);
    return dirs_.contains(path);
  }

  IOStatus Children(const std::string& dir, std::vector<std::string>* children) {
    MutexLock lock(&mu_);
    if (!powered_) return Dark(dir);
    if (!dirs_.contains(dir)) return IOStatus::PathNotFound("no such directory", dir);
    children->clear();
    for (const auto& [path, file] : names_) {
      if (DirOf(path) == dir) children->push_back(path.substr(dir.size() + 1));
    }
    return IOStatus::OK();
  }

  bool TakeLock(const std::string& path) {
    MutexLock lock(&mu_);
    return locks_.insert(path).second;
  }
  void ReleaseLock(const std::string& path) {
    MutexLock lock(&mu_);
    locks_.erase(path);
  }

  void CutAfter(int64_t calls) {
    MutexLock lock(&mu_);
    cut_after_ = calls;
    if (calls == 0 && powered_) CutLocked();
  }
  bool powered() const {
    MutexLock lock(&mu_);
    return powered_;
  }
  void PowerOn() {
    MutexLock lock(&mu_);
    if (!powered_) names_ = std::move(after_cut_);
    powered_ = true;
    cut_after_ = -1;
    for (Fault& fault : faults_) fault = Fault();
    failed_ = false;
    SettleLocked();
  }

  void Fail(Call call, int64_t nth, int64_t times) {
    MutexLock lock(&mu_);
    faults_[static_cast<size_t>(call)] = {nth, times};
    failed_ = false;
  }
  bool failed() const {
    MutexLock lock(&mu_);
    return failed_;
  }
  void SetCapacity(uint64_t bytes) {
    MutexLock lock(&mu_);
    capacity_ = bytes;
  }
  uint64_t used() const {
    MutexLock lock(&mu_);
    return UsedLocked();
  }
  uint64_t capacity() const {
    MutexLock lock(&mu_);
    return capacity_;
  }
  int64_t calls() const {
    MutexLock lock(&mu_);
    return calls_;
  }

  Image Save() const {
    MutexLock lock(&mu_);
    Image image;
    for (const auto& [path, file] : names_) image[path] = {file->data, file->born};
    return image;
  }
  void Restore(const Image& image) {
    MutexLock lock(&mu_);
    names_.clear();
    for (const auto& [path, file] : image) {
      names_[path] = std::make_shared<Inode>(Inode{file.contents, 0, {}, file.born.value_or(0)});
    }
    SettleLocked();
  }
  void PutCopy(const std::string& path, const std::string& contents) {
    MutexLock lock(&mu_);
    names_[path] = std::make_shared<Inode>(Inode{contents, 0, {}, ++births_});
    SettleLocked();
  }
  // Changes the file in place; as the owner of the disk, not as a program.
  void Edit(const std::string& path, const std::function<void(std::string*)>& edit) {
    MutexLock lock(&mu_);
    edit(&names_.at(path)->data);
    SettleLocked();
  }
  void Drop(const std::string& path) {
    MutexLock lock(&mu_);
    names_.erase(path);
    SettleLocked();
  }

 private:
  struct NameChange {
    std::string removed;  // Empty: none.
    std::string added;
    File file;
  };
  using Names = std::map<std::string, File>;
  struct Fault {
    int64_t nth = 0;  // 0: none.
    int64_t times = 0;
  };

  static IOStatus Dark(const std::string& path) { return IOStatus::IOError("power is off", path); }

  // Counts a call, and lets the faults that are due happen.
  IOStatus EnterLocked(Call call, const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!powered_) return Dark(path);
    if (call != Call::kRead) {
      ++calls_;
      if (cut_after_ > 0 && --cut_after_ == 0) {
        CutLocked();
        return Dark(path);
      }
    }
    Fault& fault = faults_[static_cast<size_t>(call)];
    if (fault.nth == 0 || --fault.nth > 0) return IOStatus::OK();
    fault.nth = --fault.times > 0 ? 1 : 0;
    failed_ = true;
    return IOStatus::IOError("input/output error", path);
  }

  void LinkLocked(const std::string& path, const File& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ChangeLocked({.removed = "", .added = path, .file = file});
  }
  void ChangeLocked(NameChange change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ApplyLocked(change, &names_);
    pending_[DirOf(change.added.empty() ? change.removed : change.added)].push_back(
        std::move(change));
  }
  static void ApplyLocked(const NameChange& change, Names* names) {
    if (!change.removed.empty()) names->erase(change.removed);
    if (!change.added.empty()) (*names)[change.added] = change.file;
  }

  // Everything that is seen is on the platter.
  void SettleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    durable_names_ = names_;
    pending_.clear();
    for (const auto& [path, file] : names_) {
      file->synced = file->data.size();
      file->lost.clear();
    }
  }

  void CutLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    powered_ = false;
    Names kept = durable_names_;
    for (const auto& [dir, changes] : pending_) {
      const size_t first = random_() % (changes.size() + 1);
      for (size_t i = 0; i < first; ++i) ApplyLocked(changes[i], &kept);
    }
    after_cut_.clear();
    for (const auto& [path, file] : kept) {
      after_cut_[path] = std::make_shared<Inode>(Inode{SurvivorLocked(*file), 0, {}, file->born});
    }
  }

  // What the platter has of a file after the cut.
  std::string SurvivorLocked(const Inode& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::string data = file.data;
    for (const auto& [from, to] : file.lost) {
      std::fill(data.begin() + static_cast<std::ptrdiff_t>(std::min(from, data.size())),
                data.begin() + static_cast<std::ptrdiff_t>(std::min(to, data.size())), '\0');
    }
    const size_t unsynced = data.size() - std::min(file.synced, data.size());
    if (unsynced == 0 || random_() % 4 == 0) return data;
    const size_t kept = random_() % 3 == 0 ? 0 : random_() % unsynced;
    size_t length = file.synced + kept;
    const bool zeros = random_() % 3 == 0;
    if (zeros) length = std::max(file.synced, length / kSectorBytes * kSectorBytes);
    const size_t end = zeros ? length + random_() % (data.size() - length + 1) : length;
    data.resize(length);
    data.resize(end, '\0');
    return data;
  }

  uint64_t UsedLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    uint64_t used = 0;
    for (const auto& [path, file] : names_) used += file->data.size();
    return used;
  }

  mutable Mutex mu_;  // Guards all below, and every Inode.
  std::mt19937_64 random_ ABSL_GUARDED_BY(mu_);
  Names names_ ABSL_GUARDED_BY(mu_);          // As programs see them.
  Names durable_names_ ABSL_GUARDED_BY(mu_);  // On the platter.
  Names after_cut_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::deque<NameChange>> pending_ ABSL_GUARDED_BY(mu_);  // By directory.
  std::set<std::string> dirs_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> locks_ ABSL_GUARDED_BY(mu_);
  std::array<Fault, kCalls> faults_ ABSL_GUARDED_BY(mu_);
  bool powered_ ABSL_GUARDED_BY(mu_) = true;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;
  int64_t cut_after_ ABSL_GUARDED_BY(mu_) = -1;
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t births_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t capacity_ ABSL_GUARDED_BY(mu_) = kForEver;
};

namespace {

using Core = FaultFs::Core;

class Sequential final : public rocksdb::FSSequentialFile {
 public:
  Sequential(std::shared_ptr<Core> core, Core::File file, std::string path)
      : core_(std::move(core)), file_(std::move(file)), path_(std::move(path)) {}
  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    IOStatus status = core_->ReadAt(file_, offset_, n, scratch, result, path_);
    if (status.ok()) offset_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<Core> core_;
  const Core::File file_;
  const std::string path_;
  uint64_t offset_ = 0;
};

class RandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccess(std::shared_ptr<Core> core, Core::File file, std::string path)
      : core_(std::move(core)), file_(std::move(file)), path_(std::move(path)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return core_->ReadAt(file_, offset, n, scratch, result, path_);
  }

 private:
  const std::shared_ptr<Core> core_;
  const Core::File file_;
  const std::string path_;
};

class Writable final : public rocksdb::FSWritableFile {
 public:
  Writable(std::shared_ptr<Core> core, Core::File file, std::string path)
      : core_(std::move(core)), file_(std::move(file)), path_(std::move(path)) {}
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return core_->Append(file_, data, path_);
  }
  IOStatus Append(const Slice& data, const IOOptions&, const rocksdb::DataVerificationInfo&,
                  IODebugContext*) override {
    return core_->Append(file_, data, path_);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    return core_->Truncate(file_, size, path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return core_->Sync(file_, path_); }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return core_->SizeOf(file_); }

 private:
  const std::shared_ptr<Core> core_;
  const Core::File file_;
  const std::string path_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(std::shared_ptr<Core> core, std::string path)
      : core_(std::move(core)), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return core_->SyncDir(path_); }

 private:
  const std::shared_ptr<Core> core_;
  const std::string path_;
};

// RocksDB's own logger on such a file system asserts that its writes succeed.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

struct HeldLock final : rocksdb::FileLock {
  explicit HeldLock(std::string name) : path(std::move(name)) {}
  const std::string path;
};

class Files final : public rocksdb::FileSystem {
 public:
  explicit Files(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  const char* Name() const override { return "FaultFs"; }

  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext*) override {
    return OpenAs<Sequential>(path, result);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    return OpenAs<RandomAccess>(path, result);
  }
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext*) override {
    return OpenAs<Writable>(path, result);
  }
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext*) override {
    Core::File file;
    if (IOStatus status = core_->Create(path, &file); !status.ok()) return status;
    *result = std::make_unique<Writable>(core_, std::move(file), path);
    return IOStatus::OK();
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
    *result = std::make_unique<Directory>(core_, Tidy(path));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    if (core_->IsDir(Tidy(path))) return IOStatus::OK();
    Core::File file;
    return core_->Open(path, &file).ok() ? IOStatus::OK() : IOStatus::NotFound(path);
  }
  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override {
    return core_->Children(Tidy(dir), result);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return core_->Unlink(path);
  }
  IOStatus CreateDir(const std::string& dir, const IOOptions&, IODebugContext*) override {
    return core_->MakeDir(Tidy(dir));
  }
  IOStatus CreateDirIfMissing(const std::string& dir, const IOOptions&, IODebugContext*) override {
    return core_->MakeDir(Tidy(dir));
  }
  IOStatus DeleteDir(const std::string&, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    Core::File file;
    if (IOStatus status = core_->Open(path, &file); !status.ok()) return status;
    *size = core_->SizeOf(file);
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus Truncate(const std::string& path, size_t size, const IOOptions&,
                    IODebugContext*) override {
    Core::File file;
    if (IOStatus status = core_->Open(path, &file); !status.ok()) return status;
    return core_->Truncate(file, size, path);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return core_->Rename(from, to);
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    if (!core_->TakeLock(path)) return IOStatus::IOError("lock " + path, "already held");
    *lock = new HeldLock(path);
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    core_->ReleaseLock(static_cast<HeldLock*>(lock)->path);
    delete static_cast<HeldLock*>(lock);
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<NoLog>();
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                           IODebugContext*) override {
    *result = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* result,
                       IODebugContext*) override {
    *result = core_->IsDir(Tidy(path));
    return IOStatus::OK();
  }

 private:
  template <typename Kind, typename Base>
  IOStatus OpenAs(const std::string& path, std::unique_ptr<Base>* result) {
    Core::File file;
    if (IOStatus status = core_->Open(path, &file); !status.ok()) return status;
    *result = std::make_unique<Kind>(core_, std::move(file), path);
    return IOStatus::OK();
  }

  const std::shared_ptr<Core> core_;
};

}  // namespace

namespace {

// After a failure RocksDB's threads sleep for a second.
class Hurried final : public rocksdb::SystemClockWrapper {
 public:
  Hurried() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "Hurried"; }
  void SleepForMicroseconds(int) override { std::this_thread::yield(); }
};

class HurriedEnv final : public rocksdb::EnvWrapper {
 public:
  explicit HurriedEnv(std::shared_ptr<rocksdb::FileSystem> files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = std::move(files);
    system_clock_ = std::make_shared<Hurried>();
  }
  const char* Name() const override { return "FaultFsEnv"; }
};

}  // namespace

struct FaultFs::Env {
  explicit Env(const std::shared_ptr<Core>& core) : env(std::make_shared<Files>(core)) {}
  HurriedEnv env;
};

FaultFs::FaultFs(uint64_t seed)
    : core_(std::make_shared<Core>(seed)), env_(std::make_unique<Env>(core_)) {}
FaultFs::~FaultFs() = default;

absl::StatusOr<Disk::File> FaultFs::Read(const std::string& path) {
  Core::File file;
  RETURN_IF_ERROR(ToStatus(core_->Open(path, &file), path));
  std::string contents(core_->SizeOf(file), '\0');
  Slice read;
  RETURN_IF_ERROR(
      ToStatus(core_->ReadAt(file, 0, contents.size(), contents.data(), &read, path), path));
  return File{contents.substr(0, read.size()), file->born};
}

absl::Status FaultFs::Replace(const std::string& path,
                              const std::function<std::string(Born)>& contents) {
  const std::string temporary = path + ".new";
  Core::File file;
  RETURN_IF_ERROR(ToStatus(core_->Create(temporary, &file), temporary));
  RETURN_IF_ERROR(ToStatus(core_->Append(file, contents(file->born), temporary), temporary));
  RETURN_IF_ERROR(ToStatus(core_->Sync(file, temporary), temporary));
  RETURN_IF_ERROR(ToStatus(core_->Rename(temporary, path), path));
  return ToStatus(core_->SyncDir(DirOf(path)), path);
}

absl::Status FaultFs::Remove(const std::string& path) {
  RETURN_IF_ERROR(ToStatus(core_->Unlink(path), path));
  return ToStatus(core_->SyncDir(DirOf(path)), path);
}

uint64_t FaultFs::FreeBytes(const std::string&) {
  const uint64_t used = core_->used();
  return core_->capacity() > used ? core_->capacity() - used : 0;
}

void* FaultFs::rocks_env() { return &env_->env; }

void FaultFs::CutAfter(int64_t calls) { core_->CutAfter(calls); }
bool FaultFs::powered() const { return core_->powered(); }
void FaultFs::PowerOn() { core_->PowerOn(); }
void FaultFs::Fail(Call call, int64_t nth, int64_t times) { core_->Fail(call, nth, times); }
bool FaultFs::failed() const { return core_->failed(); }
void FaultFs::SetCapacity(uint64_t bytes) { core_->SetCapacity(bytes); }
uint64_t FaultFs::used_bytes() const { return core_->used(); }
int64_t FaultFs::calls() const { return core_->calls(); }
FaultFs::Image FaultFs::Save() const { return core_->Save(); }
void FaultFs::Restore(const Image& image) { core_->Restore(image); }
void FaultFs::Delete(const std::string& path) { core_->Drop(path); }

void FaultFs::PutCopy(const std::string& path, const std::string& contents) {
  core_->PutCopy(path, contents);
}
void FaultFs::FlipBit(const std::string& path, uint64_t bit) {
  core_->Edit(path, [bit](std::string* data) {
    char& byte = (*data)[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
  });
}
void FaultFs::Truncate(const std::string& path, uint64_t size) {
  core_->Edit(path, [size](std::string* data) { data->resize(size); });
}

}  // namespace reeve::store
