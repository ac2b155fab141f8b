// Files that are there whole or not at all, and a directory that only one process uses. For the
// control plane's own directories; an agent writes to its host through agents/os/files.h.
//
// Errors are those of the system with the path in them: NOT_FOUND, PERMISSION_DENIED,
// RESOURCE_EXHAUSTED (the disk is full) and so on. Thread safety: safe; two writers of one path
// must take turns.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace reeve {

inline constexpr mode_t kPrivateFile = 0600;
inline constexpr mode_t kPublicFile = 0644;

// The contents; NOT_FOUND when there is no such file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Replaces `path` by a synced file with these contents; after a crash it holds the old or the new.
absl::Status ReplaceFile(const std::string& path, std::string_view contents,
                         mode_t mode = kPrivateFile);

// Removes `path` if it is there, for good.
absl::Status RemoveFile(const std::string& path);

// Makes `path` and its missing parents, `path` itself readable by the owner alone.
absl::Status MakeDirs(const std::string& path);

// For what is written in pieces: all of `data` to `fd`; and a synced `from` put in place of `to`
// for good. `path` is for the message.
absl::Status WriteAll(const Fd& fd, std::string_view data, const std::string& path);
absl::Status RenameFile(const std::string& from, const std::string& to);

// An exclusive lock on `dir`, held until destroyed. FAILED_PRECONDITION: another holds it, in this
// process or another.
class DirLock {
 public:
  static absl::StatusOr<std::unique_ptr<DirLock>> Acquire(const std::string& dir);

 private:
  explicit DirLock(Fd fd) : fd_(std::move(fd)) {}
  const Fd fd_;
};

}  // namespace reeve
