#include "apiserver/blob_store.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "apiserver/tar_check.h"
#include "base/durable_file.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// SHA-256 of what comes in pieces.
class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void Add(std::string_view data) { EVP_DigestUpdate(context_.get(), data.data(), data.size()); }
  std::string Digest() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    std::string text = "sha256-";
    for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
    return text;
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
};

class Upload final : public BlobUpload {
 public:
  Upload(std::string dir, std::string path)
      : dir_(std::move(dir)),
        path_(std::move(path)),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
  ~Upload() override {
    if (fd_.valid() && !finished_) unlink(path_.c_str());
  }

  absl::Status opened() const {
    return fd_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "making " + path_);
  }

  absl::Status Append(std::string_view data) override {
    size_ += data.size();
    if (size_ > kBlobBytesMax)
      return ResourceExhausted("the blob is larger than the {} bytes allowed", kBlobBytesMax);
    hasher_.Add(data);
    return WriteAll(fd_, data, path_);
  }

  absl::StatusOr<BlobInfo> Finish(const std::string& expected_digest) override {
    BlobInfo info{.digest = hasher_.Digest(), .size_bytes = size_};
    if (!expected_digest.empty() && expected_digest != info.digest) {
      return InvalidArgument("digest: the bytes that came are {}, not {}", info.digest,
                             expected_digest);
    }
    ASSIGN_OR_RETURN(info.files, CheckTar(path_));
    if (fsync(fd_.get()) != 0) return ErrnoStatus(errno, "syncing " + path_);
    RETURN_IF_ERROR(RenameFile(path_, dir_ + "/" + info.digest));
    finished_ = true;
    return info;
  }

 private:
  const std::string dir_;
  const std::string path_;
  const Fd fd_;
  Hasher hasher_;
  uint64_t size_ = 0;
  bool finished_ = false;
};

class Reader final : public BlobReader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  absl::StatusOr<std::string> Next() override {
    std::string data(kBlobChunkBytes, '\0');
    const ssize_t size = read(fd_.get(), data.data(), data.size());
    if (size < 0) return ErrnoStatus(errno, "reading a blob");
    data.resize(static_cast<size_t>(size));
    return data;
  }

 private:
  const Fd fd_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(const std::string& dir) {
  RETURN_IF_ERROR(MakeDirs(dir));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), error);
  }
  return std::unique_ptr<BlobStore>(new BlobStore(dir));
}

absl::StatusOr<std::unique_ptr<BlobUpload>> BlobStore::Begin() {
  auto upload = std::make_unique<Upload>(dir_, fmt::format("{}/upload-{}.part", dir_, ++uploads_));
  RETURN_IF_ERROR(upload->opened());
  return upload;
}

absl::StatusOr<std::unique_ptr<BlobReader>> BlobStore::Read(const std::string& digest) const {
  std::string why;
  if (!schema::MatchesFormat(v1::DIGEST_REF, digest, &why))
    return InvalidArgument("digest: {}", why);
  const int fd = open((dir_ + "/" + digest).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return NotFound("blobs \"{}\" not found", digest);
  if (fd < 0) return ErrnoStatus(errno, "opening a blob");
  return std::make_unique<Reader>(fd);
}

}  // namespace reeve::apiserver
