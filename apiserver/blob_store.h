// Uploaded content on disk: <dir>/<digest>, synced and checked before anybody is told that it is
// there.
//
// An upload is written aside (<dir>/upload-<n>.part), hashed as it comes, read once more as a tar,
// and renamed into place when all is well. What is left of an interrupted upload goes at the next
// start. Thread safety: BlobStore is safe; an upload or a reader belongs to one caller.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace reeve::apiserver {

struct BlobInfo {
  std::string digest;  // sha256-<hex> of the bytes.
  uint64_t size_bytes = 0;
  uint64_t files = 0;
};

class BlobUpload {
 public:
  virtual ~BlobUpload() = default;  // Unless finished, nothing of it stays.
  // RESOURCE_EXHAUSTED above kBlobBytesMax.
  virtual absl::Status Append(std::string_view data) = 0;
  // INVALID_ARGUMENT: other bytes than `expected_digest` says (when it is not empty), or not a tar
  // of regular files and directories under relative names without "..".
  virtual absl::StatusOr<BlobInfo> Finish(const std::string& expected_digest) = 0;
};

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  // The next piece, at most kBlobChunkBytes; empty at the end.
  virtual absl::StatusOr<std::string> Next() = 0;
};

class BlobStore {
 public:
  // Makes `dir` if it is absent.
  static absl::StatusOr<std::unique_ptr<BlobStore>> Open(const std::string& dir);

  absl::StatusOr<std::unique_ptr<BlobUpload>> Begin();
  // NOT_FOUND when there is none. `digest` must have the form of one.
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& digest) const;

 private:
  explicit BlobStore(std::string dir) : dir_(std::move(dir)) {}

  const std::string dir_;
  std::atomic<uint64_t> uploads_ = 0;
};

}  // namespace reeve::apiserver
