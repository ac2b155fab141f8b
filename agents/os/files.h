// The file seam: everything the agent does to a host's files goes through a handle on a managed
// root.
//
// A path is relative to its root, "/"-separated, without ".." or empty parts; no component may be a
// symbolic link except where ReadLink and Symlink say so (openat2 with RESOLVE_BENEATH and
// RESOLVE_NO_SYMLINKS). Sync is explicit. Errors are those of the system call, by ErrnoStatus.
// Thread-compatible. Fake: agents/testing/fake_os.h.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::agents {

enum class FileType { kRegular, kDirectory, kSymlink, kOther };

struct FileInfo {
  FileType type = FileType::kOther;
  uint32_t mode = 0;  // Permission bits only.
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size = 0;
  uint64_t links = 0;
  bool operator==(const FileInfo&) const = default;
};

// A directory that Reeve may write in: /etc/nginx/reeve, /srv/reeve, the units directory.
class Root {
 public:
  virtual ~Root() = default;
  virtual const std::string& path()
      const = 0;  // Absolute; for messages and for tools that need a path.

  virtual absl::StatusOr<FileInfo> Stat(std::string_view path) = 0;
  // RESOURCE_EXHAUSTED when the file is longer than `bytes_max`.
  virtual absl::StatusOr<std::string> Read(std::string_view path, uint64_t bytes_max) = 0;
  // At most `bytes_max` bytes from `offset`; empty at the end.
  virtual absl::StatusOr<std::string> ReadAt(std::string_view path, uint64_t offset,
                                             uint64_t bytes_max) = 0;
  virtual absl::StatusOr<std::vector<std::string>> List(
      std::string_view dir) = 0;  // Sorted; "" is the root.
  virtual absl::StatusOr<std::string> ReadLink(std::string_view path) = 0;

  // ALREADY_EXISTS when something is there.
  virtual absl::Status CreateFile(std::string_view path, std::string_view content,
                                  uint32_t mode) = 0;
  virtual absl::Status MakeDir(std::string_view path, uint32_t mode) = 0;
  virtual absl::Status Symlink(std::string_view target, std::string_view path) = 0;
  // Atomic; replaces what is at `to`, but FAILED_PRECONDITION when that is a file with hard links.
  // Within one root.
  virtual absl::Status Rename(std::string_view from, std::string_view to) = 0;
  virtual absl::Status Remove(std::string_view path) = 0;  // A file, a link or an empty directory.
  virtual absl::Status RemoveTree(std::string_view path) = 0;  // NOT an error when absent.
  virtual absl::Status Chown(std::string_view path, uint32_t uid, uint32_t gid) = 0;
  virtual absl::Status Sync(std::string_view path) = 0;  // A file's data, or a directory's entries.
  virtual absl::Status
  SyncAll() = 0;  // Everything in this root's file system: one call for many files.
  // Adds a piece to a file being built; made by CreateFile.
  virtual absl::Status Append(std::string_view path, std::string_view content) = 0;
};

class Files {
 public:
  virtual ~Files() = default;
  // NOT_FOUND when it is not there.
  virtual absl::StatusOr<std::unique_ptr<Root>> Open(const std::string& path) = 0;
};

std::unique_ptr<Files> NewRealFiles();

// Opens `path`, first making (with `mode`, synced) what is missing of it below its first component.
absl::StatusOr<std::unique_ptr<Root>> OpenOrMake(Files& files, const std::string& path,
                                                 uint32_t mode);

// Writes `content` beside `path` and renames it into place, synced: after a crash the old or the
// new file is there.
absl::Status ReplaceFile(Root& root, std::string_view path, std::string_view content,
                         uint32_t mode);
// Takes away what a crash in ReplaceFile of `path` may have left beside it.
absl::Status DropReplacement(Root& root, std::string_view path);

}  // namespace reeve::agents
