#include "store/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/durable_file.h"
#include "base/fd.h"
#include "base/status.h"

namespace reeve::store {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// `path` is followed; with an empty one `fd` itself is looked at.
Disk::Born BornOf(int fd, const char* path) {
  struct statx info {};
  const int flags = *path == 0 ? AT_EMPTY_PATH : 0;
  if (statx(fd, path, flags, STATX_BTIME, &info) != 0) return std::nullopt;
  if ((info.stx_mask & STATX_BTIME) == 0) return std::nullopt;
  return info.stx_btime.tv_sec * kNanosPerSecond + info.stx_btime.tv_nsec;
}

class Machine final : public Disk {
 public:
  absl::StatusOr<File> Read(const std::string& path) override {
    ASSIGN_OR_RETURN(std::string contents, ReadFile(path));
    return File{std::move(contents), BornOf(AT_FDCWD, path.c_str())};
  }

  absl::Status Replace(const std::string& path,
                       const std::function<std::string(Born)>& contents) override {
    const std::string temporary = path + ".new";
    // What a crash left was born then.
    if (unlink(temporary.c_str()) != 0 && errno != ENOENT)
      return ErrnoStatus(errno, "removing " + temporary);
    const Fd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateFile));
    if (!file.valid()) return ErrnoStatus(errno, "making " + temporary);
    RETURN_IF_ERROR(WriteAll(file, contents(BornOf(file.get(), "")), temporary));
    if (fsync(file.get()) != 0) return ErrnoStatus(errno, "syncing " + temporary);
    return RenameFile(temporary, path);
  }

  absl::Status Remove(const std::string& path) override { return RemoveFile(path); }

  uint64_t FreeBytes(const std::string& path) override {
    struct statvfs info {};
    if (statvfs(path.c_str(), &info) != 0) return 0;
    return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  }

  void* rocks_env() override { return nullptr; }
};

}  // namespace

std::shared_ptr<Disk> MachineDisk() {
  static const auto* const disk = new std::shared_ptr<Disk>(std::make_shared<Machine>());
  return *disk;
}

}  // namespace reeve::store
