#include "apiserver/blob_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "apiserver/tar_check.h"
#include "base/durable_file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

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

bool IsDigest(const std::string& name) {
  std::string why;
  return schema::MatchesFormat(v1::DIGEST_REF, name, &why);
}

}  // namespace

class BlobStore::Upload final : public BlobUpload {
 public:
  Upload(BlobStore* store, std::string path)
      : store_(store),
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
    hash_.Add(data);
    return WriteAll(fd_, data, path_);
  }

  absl::StatusOr<BlobInfo> Finish(const std::string& expected_digest) override {
    BlobInfo info{.digest = hash_.Digest(), .size_bytes = size_};
    if (!expected_digest.empty() && expected_digest != info.digest) {
      return InvalidArgument("digest: the bytes that came are {}, not {}", info.digest,
                             expected_digest);
    }
    ASSIGN_OR_RETURN(info.files, CheckTar(path_));
    if (fsync(fd_.get()) != 0) return ErrnoStatus(errno, "syncing " + path_);
    store_->CountPut(info.digest);
    RETURN_IF_ERROR(RenameFile(path_, store_->dir_ + "/" + info.digest));
    finished_ = true;
    return info;
  }

 private:
  BlobStore* const store_;
  const std::string path_;
  const Fd fd_;
  Sha256 hash_;
  uint64_t size_ = 0;
  bool finished_ = false;
};

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::Open(const std::string& dir) {
  RETURN_IF_ERROR(MakeDirs(dir));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), error);
  }
  return std::unique_ptr<BlobStore>(new BlobStore(dir));
}

absl::StatusOr<std::unique_ptr<BlobUpload>> BlobStore::Begin() {
  auto upload = std::make_unique<Upload>(this, fmt::format("{}/upload-{}.part", dir_, ++uploads_));
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

absl::StatusOr<std::vector<std::string>> BlobStore::List() const {
  std::vector<std::string> digests;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, error)) {
    const std::string name = entry.path().filename();
    if (IsDigest(name)) digests.push_back(name);
  }
  if (error) return ErrnoStatus(error.value(), "listing " + dir_);
  return digests;
}

uint64_t BlobStore::Puts(const std::string& digest) const {
  MutexLock lock(&mu_);
  const auto puts = puts_.find(digest);
  return puts == puts_.end() ? 0 : puts->second;
}

// Before the bytes are in place: a Remove that comes between finds that it is too late.
void BlobStore::CountPut(const std::string& digest) {
  MutexLock lock(&mu_);
  ++puts_[digest];
}

// Not synced: after a crash the bytes may be there again, and go again.
absl::StatusOr<bool> BlobStore::Remove(const std::string& digest, uint64_t puts) {
  MutexLock lock(&mu_);
  const auto counted = puts_.find(digest);
  if ((counted == puts_.end() ? 0 : counted->second) != puts) return false;
  const std::string path = dir_ + "/" + digest;
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoStatus(errno, "removing " + path);
  return true;
}

}  // namespace reeve::apiserver
