// Where a store's bytes are: the machine's disk, or in tests one that fails (testing/fault_fs.h).
//
// Covers the database and the mark. The lock, the ballast and what the owner puts beside them are
// always on the machine's disk.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace reeve::store {

// Thread safety: safe; two writers of one path must take turns.
class Disk {
 public:
  // `born` is when this very file was made, in nanoseconds since 1970, as the disk tells: a copy of
  // the file has another one. nullopt: this disk does not tell.
  using Born = std::optional<int64_t>;
  struct File {
    std::string contents;
    Born born;
  };

  virtual ~Disk() = default;
  // NOT_FOUND when there is no such file.
  virtual absl::StatusOr<File> Read(const std::string& path) = 0;
  // Replaces `path` by a new file, synced; after a crash it holds the old or the new contents.
  virtual absl::Status Replace(const std::string& path,
                               const std::function<std::string(Born)>& contents) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // Bytes that this process may still use on the disk of `path`; 0 when that cannot be told.
  virtual uint64_t FreeBytes(const std::string& path) = 0;
  // The rocksdb::Env that the database runs on; null: RocksDB's own.
  virtual void* rocks_env() = 0;
};

std::shared_ptr<Disk> MachineDisk();

}  // namespace reeve::store
