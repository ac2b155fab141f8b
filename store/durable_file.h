// Small files that are there whole or not at all, and a directory that only one process uses.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::store {

// The contents, nullopt when there is no such file.
absl::StatusOr<std::optional<std::string>> ReadWholeFile(const std::string& path);

// Replaces `path` by a synced file with these contents; after a crash it holds the old or the new.
absl::Status ReplaceFile(const std::string& path, std::string_view contents);

// Removes `path` if it is there, for good.
absl::Status RemoveFile(const std::string& path);

// Makes `path` and its missing parents, readable by the owner alone.
absl::Status MakeDirs(const std::string& path);

// An exclusive lock on `dir`, held until destroyed. FAILED_PRECONDITION: another holds it, in this
// process or another.
class DirLock {
 public:
  static absl::StatusOr<std::unique_ptr<DirLock>> Acquire(const std::string& dir);
  ~DirLock();
  DirLock(const DirLock&) = delete;
  DirLock& operator=(const DirLock&) = delete;

 private:
  explicit DirLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace reeve::store
