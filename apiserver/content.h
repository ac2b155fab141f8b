// Blobs: their bytes, and the objects that stand for them. No wire. Thread safety: safe.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "apiserver/blob_store.h"
#include "apiserver/identity.h"
#include "apiserver/registry.h"
#include "reeve/v1/blob.pb.h"

namespace reeve::apiserver {

class ContentStore {
 public:
  ContentStore(Registry* registry, BlobStore* blobs) : registry_(registry), blobs_(blobs) {}

  // For people and controllers.
  absl::StatusOr<std::unique_ptr<BlobUpload>> Begin(const Identity& who);
  // The Blob object of `ns`, made if it is new; the bytes are on disk before.
  absl::StatusOr<v1::Blob> Finish(BlobUpload* upload, const std::string& ns,
                                  const std::string& digest, const std::string& source);
  // A host gets only what a Work of its names; otherwise NOT_FOUND.
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const Identity& who, const std::string& ns,
                                                   const std::string& digest) const;

 private:
  absl::Status CheckReader(const Identity& who, const std::string& ns,
                           const std::string& digest) const;

  Registry* const registry_;
  BlobStore* const blobs_;
};

}  // namespace reeve::apiserver
