#include "store/durable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/status.h"

namespace reeve::store {
namespace {

constexpr mode_t kFileMode = 0600;

// Closes at the end of the block.
class Fd {
 public:
  Fd(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, kFileMode)) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status WriteAll(int fd, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0 && errno != EINTR) return ErrnoStatus(errno, "writing " + path);
    if (written > 0) contents.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncDirOf(const std::string& path) {
  const Fd dir(std::filesystem::path(path).parent_path().string(), O_RDONLY | O_DIRECTORY);
  if (!dir.ok() || fsync(dir.get()) != 0) {
    return ErrnoStatus(errno, "syncing the directory of " + path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<std::string>> ReadWholeFile(const std::string& path) {
  const Fd file(path, O_RDONLY);
  if (!file.ok() && errno == ENOENT) return std::optional<std::string>();
  if (!file.ok()) return ErrnoStatus(errno, "opening " + path);
  std::string contents;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    if (size == 0) return std::optional<std::string>(std::move(contents));
    if (size > 0) contents.append(buffer, static_cast<size_t>(size));
    if (size < 0 && errno != EINTR) return ErrnoStatus(errno, "reading " + path);
  }
}

absl::Status ReplaceFile(const std::string& path, std::string_view contents) {
  const std::string temporary = path + ".new";
  {
    const Fd file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok()) return ErrnoStatus(errno, "making " + temporary);
    RETURN_IF_ERROR(WriteAll(file.get(), contents, temporary));
    if (fdatasync(file.get()) != 0) return ErrnoStatus(errno, "syncing " + temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return ErrnoStatus(errno, "renaming " + temporary);
  return SyncDirOf(path);
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "removing " + path);
  return SyncDirOf(path);
}

absl::Status MakeDirs(const std::string& path) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "making the directory " + path);
  if (made && chmod(path.c_str(), 0700) != 0) return ErrnoStatus(errno, "chmod of " + path);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<DirLock>> DirLock::Acquire(const std::string& dir) {
  const std::string path = dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return ErrnoStatus(errno, "opening " + path);
  std::unique_ptr<DirLock> lock(new DirLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return FailedPrecondition("{} is in use by another process", dir);
  return ErrnoStatus(errno, "locking " + path);
}

DirLock::~DirLock() { close(fd_); }

}  // namespace reeve::store
