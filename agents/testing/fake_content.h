// Blobs for tests: tars made in memory, served by digest.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/client.h"

namespace reeve::agents {

struct TarEntry {
  std::string path;
  std::string content;
  uint32_t mode = 0644;
  enum Type {
    kFile,
    kDirectory,
    kSymlink,
    kHardLink,
    kDevice
  } type = kFile;  // Of links: `content` is the target.
};

std::string MakeTar(const std::vector<TarEntry>& entries);
std::string DigestOf(std::string_view bytes);  // sha256-<hex>

class FakeContent : public client::Content {
 public:
  // Its digest.
  std::string Add(const std::vector<TarEntry>& entries) { return AddBytes(MakeTar(entries)); }
  std::string AddBytes(std::string bytes);
  // What a broken server would send under the digest.
  void Corrupt(const std::string& digest, std::string bytes) { blobs_[digest] = std::move(bytes); }

  absl::StatusOr<v1::Blob> PutBlob(
      const std::string& ns, const std::string& digest, const std::string& source,
      const std::function<absl::StatusOr<bool>(std::string*)>& read) override;
  // In pieces of 1000 bytes. NOT_FOUND: never added.
  absl::Status GetBlob(const std::string& ns, const std::string& digest,
                       const std::function<absl::Status(std::string_view)>& write) override;

 private:
  std::map<std::string, std::string> blobs_;
};

}  // namespace reeve::agents
