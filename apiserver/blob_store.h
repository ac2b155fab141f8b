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
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace reeve::apiserver {

struct BlobInfo {
  std::string digest;  // sha256-<hex> of the bytes.
  uint64_t size_bytes = 0;
  uint64_t files = 0;
};

// Ends before its BlobStore.
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

  // The digests of all that is there.
  absl::StatusOr<std::vector<std::string>> List() const;
  // How often bytes of this digest were put here since Open, or are about to be.
  uint64_t Puts(const std::string& digest) const;
  // Removes the bytes, unless Puts is no longer `puts`: then false, somebody has uploaded them
  // again. Who reads them goes on reading.
  absl::StatusOr<bool> Remove(const std::string& digest, uint64_t puts);

 private:
  class Upload;
  explicit BlobStore(std::string dir) : dir_(std::move(dir)) {}
  void CountPut(const std::string& digest);

  const std::string dir_;
  std::atomic<uint64_t> uploads_ = 0;
  mutable Mutex mu_;  // Held while a file is unlinked, so that Remove is one step.
  std::map<std::string, uint64_t> puts_ ABSL_GUARDED_BY(mu_);  // By digest.
};

}  // namespace reeve::apiserver
