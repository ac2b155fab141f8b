#include "store/space_guard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/status.h"

namespace reeve::store {
namespace {

constexpr uint64_t kMiB = 1 << 20;

bool Exists(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

// Real blocks, not a hole. Without room for it there is none.
void MakeBallast(const std::string& path, uint64_t bytes) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return;
  if (posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes)) != 0) unlink(path.c_str());
}

}  // namespace

void SpaceGuard::Check() {
  const uint64_t free = options_.free_bytes();
  const uint64_t ballast = options_.ballast_bytes;
  if (free < ballast / 2 && unlink(options_.ballast_path.c_str()) == 0) {
    Log(LogLevel::kWarning, "the store gave its ballast back to the disk",
        {{"file", options_.ballast_path}});
  } else if (free > 4 * ballast && ballast > 0 && !Exists(options_.ballast_path)) {
    MakeBallast(options_.ballast_path, ballast);
  }
  absl::Status room = Judge(options_.used_bytes(), free);
  MutexLock lock(&mu_);
  room_ = std::move(room);
}

absl::Status SpaceGuard::Judge(uint64_t used, uint64_t free) const {
  if (used > options_.quota_bytes) {
    return ResourceExhausted(
        "the store uses {} MiB, its quota is {} MiB: delete what is not needed, or raise the quota",
        used / kMiB, options_.quota_bytes / kMiB);
  }
  if (free < 2 * options_.ballast_bytes) {
    return ResourceExhausted("the store's disk has {} MiB left: free some space on it",
                             free / kMiB);
  }
  return absl::OkStatus();
}

absl::Status SpaceGuard::room() const {
  MutexLock lock(&mu_);
  return room_;
}

}  // namespace reeve::store
