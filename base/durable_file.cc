#include "base/durable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/status.h"

namespace reeve {
namespace {

Fd Open(const std::string& path, int flags, mode_t mode = kPrivateFile) {
  return Fd(open(path.c_str(), flags | O_CLOEXEC, mode));
}

absl::Status SyncDirOf(const std::string& path) {
  const Fd dir = Open(std::filesystem::absolute(path).parent_path(), O_RDONLY | O_DIRECTORY);
  if (!dir.valid() || fsync(dir.get()) != 0)
    return ErrnoStatus(errno, "syncing the directory of " + path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const Fd file = Open(path, O_RDONLY);
  if (!file.valid()) return ErrnoStatus(errno, "opening " + path);
  std::string contents;
  char buffer[4096];
  for (;;) {
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    if (size == 0) return contents;
    if (size > 0) contents.append(buffer, static_cast<size_t>(size));
    if (size < 0 && errno != EINTR) return ErrnoStatus(errno, "reading " + path);
  }
}

absl::Status WriteAll(const Fd& fd, std::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = write(fd.get(), data.data(), data.size());
    if (written < 0 && errno != EINTR) return ErrnoStatus(errno, "writing " + path);
    if (written > 0) data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status RenameFile(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, "renaming " + from);
  return SyncDirOf(to);
}

absl::Status ReplaceFile(const std::string& path, std::string_view contents, mode_t mode) {
  const std::string temporary = path + ".new";
  const Fd file = Open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (!file.valid()) return ErrnoStatus(errno, "making " + temporary);
  // A file that a crash left has its own mode, and the umask takes from a new one's.
  if (fchmod(file.get(), mode) != 0) return ErrnoStatus(errno, "chmod of " + temporary);
  RETURN_IF_ERROR(WriteAll(file, contents, temporary));
  if (fsync(file.get()) != 0) return ErrnoStatus(errno, "syncing " + temporary);
  return RenameFile(temporary, path);
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
  Fd fd = Open(path, O_RDWR | O_CREAT);
  if (!fd.valid()) return ErrnoStatus(errno, "opening " + path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
    return std::unique_ptr<DirLock>(new DirLock(std::move(fd)));
  if (errno == EWOULDBLOCK) return FailedPrecondition("{} is in use by another process", dir);
  return ErrnoStatus(errno, "locking " + path);
}

}  // namespace reeve
