#include "agents/os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agents/os/path.h"
#include "base/fd.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

// Linux has no wrapper for it in glibc 2.36.
int OpenBeneath(int dir, const char* path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, dir, path, &how, sizeof how));
}

constexpr uint64_t kInside = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

absl::Status WriteAll(int fd, std::string_view content, const std::string& what) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "writing " + what);
    content.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kRegular;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return FileType::kOther;
}

FileInfo InfoOf(const struct stat& st) {
  return {.type = TypeOf(st.st_mode),
          .mode = st.st_mode & 07777u,
          .uid = st.st_uid,
          .gid = st.st_gid,
          .size = static_cast<uint64_t>(st.st_size),
          .links = static_cast<uint64_t>(st.st_nlink)};
}

// A regular file with a second name may be somebody else's file seen through ours.
absl::Status CheckSingleName(const struct stat& st, const std::string& what) {
  if (!S_ISREG(st.st_mode) || st.st_nlink == 1) return absl::OkStatus();
  return FailedPrecondition("{}: has {} hard links; not touched", what, st.st_nlink);
}

// The names in a directory, sorted. Takes over `fd`.
absl::StatusOr<std::vector<std::string>> NamesIn(Fd fd, const std::string& what) {
  DIR* dir = ::fdopendir(fd.get());
  if (dir == nullptr) return ErrnoStatus(errno, "listing " + what);
  fd.Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(dir);
  if (error != 0) return ErrnoStatus(error, "listing " + what);
  std::sort(names.begin(), names.end());
  return names;
}

// Where an entry lives: a handle on its directory, and its name there.
struct Place {
  Fd dir;
  std::string leaf;
  std::string what;  // For messages.
};

class RealRoot : public Root {
 public:
  RealRoot(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  const std::string& path() const override { return path_; }

  absl::StatusOr<FileInfo> Stat(std::string_view path) override {
    if (path.empty()) return StatRoot();
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    ASSIGN_OR_RETURN(const struct stat st, StatAt(place));
    return InfoOf(st);
  }

  absl::StatusOr<std::string> Read(std::string_view path, uint64_t bytes_max) override {
    ASSIGN_OR_RETURN(const Fd fd, OpenFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    std::string content;
    char buffer[64 << 10];
    for (;;) {
      const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "reading " + Full(path));
      if (n == 0) return content;
      content.append(buffer, static_cast<size_t>(n));
      if (content.size() > bytes_max) {
        return ResourceExhausted("{}: longer than {} bytes", Full(path), bytes_max);
      }
    }
  }

  absl::StatusOr<std::string> ReadAt(std::string_view path, uint64_t offset,
                                     uint64_t bytes_max) override {
    ASSIGN_OR_RETURN(const Fd fd, OpenFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    std::string piece(bytes_max, '\0');
    ssize_t n = 0;
    do {
      n = ::pread(fd.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    } while (n < 0 && errno == EINTR);
    if (n < 0) return ErrnoStatus(errno, "reading " + Full(path));
    piece.resize(static_cast<size_t>(n));
    return piece;
  }

  absl::StatusOr<std::vector<std::string>> List(std::string_view dir) override {
    ASSIGN_OR_RETURN(Fd fd, OpenDir(dir));
    return NamesIn(std::move(fd), Full(dir));
  }

  absl::StatusOr<std::string> ReadLink(std::string_view path) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    char buffer[4096];
    const ssize_t n = ::readlinkat(place.dir.get(), place.leaf.c_str(), buffer, sizeof buffer);
    if (n < 0) return ErrnoStatus(errno, "reading the link " + place.what);
    return std::string(buffer, static_cast<size_t>(n));
  }

  absl::Status CreateFile(std::string_view path, std::string_view content, uint32_t mode) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    const Fd fd(OpenBeneath(place.dir.get(), place.leaf.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600,
                            kInside));
    if (!fd.valid()) return ErrnoStatus(errno, "creating " + place.what);
    absl::Status status = WriteAll(fd.get(), content, place.what);
    if (status.ok() && ::fchmod(fd.get(), mode) != 0)
      status = ErrnoStatus(errno, "creating " + place.what);
    if (!status.ok()) ::unlinkat(place.dir.get(), place.leaf.c_str(), 0);
    return status;
  }

  absl::Status MakeDir(std::string_view path, uint32_t mode) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    if (::mkdirat(place.dir.get(), place.leaf.c_str(), 0700) != 0) {
      return ErrnoStatus(errno, "making the directory " + place.what);
    }
    ASSIGN_OR_RETURN(const Fd fd, OpenDir(path));
    if (::fchmod(fd.get(), mode) != 0)
      return ErrnoStatus(errno, "making the directory " + place.what);
    return absl::OkStatus();
  }

  absl::Status Symlink(std::string_view target, std::string_view path) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    if (::symlinkat(std::string(target).c_str(), place.dir.get(), place.leaf.c_str()) == 0)
      return absl::OkStatus();
    return ErrnoStatus(errno, "making the link " + place.what);
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    ASSIGN_OR_RETURN(const Place source, Locate(from));
    ASSIGN_OR_RETURN(const Place target, Locate(to));
    const absl::StatusOr<struct stat> there = StatAt(target);
    if (there.ok()) RETURN_IF_ERROR(CheckSingleName(*there, target.what));
    if (::renameat(source.dir.get(), source.leaf.c_str(), target.dir.get(), target.leaf.c_str()) ==
        0) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, fmt::format("renaming {} to {}", source.what, target.leaf));
  }

  absl::Status Remove(std::string_view path) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    ASSIGN_OR_RETURN(const struct stat st, StatAt(place));
    if (::unlinkat(place.dir.get(), place.leaf.c_str(), S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) ==
        0) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, "removing " + place.what);
  }

  absl::Status RemoveTree(std::string_view path) override {
    const absl::StatusOr<Place> place = Locate(path);
    if (absl::IsNotFound(place.status())) return absl::OkStatus();
    RETURN_IF_ERROR(place.status());
    return RemoveEntry(place->dir.get(), place->leaf, place->what);
  }

  absl::Status Chown(std::string_view path, uint32_t uid, uint32_t gid) override {
    ASSIGN_OR_RETURN(const Place place, Locate(path));
    ASSIGN_OR_RETURN(const struct stat st, StatAt(place));
    RETURN_IF_ERROR(CheckSingleName(st, place.what));
    if (::fchownat(place.dir.get(), place.leaf.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
      return absl::OkStatus();
    return ErrnoStatus(errno, "changing the owner of " + place.what);
  }

  absl::Status Sync(std::string_view path) override {
    if (!path.empty()) RETURN_IF_ERROR(CheckRelativePath(path));
    const Fd fd = path.empty() ? Fd(OpenBeneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY, 0, kInside))
                               : Fd(OpenInside(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid()) return ErrnoStatus(errno, "syncing " + Full(path));
    if (::fsync(fd.get()) != 0) return ErrnoStatus(errno, "syncing " + Full(path));
    return absl::OkStatus();
  }

  absl::Status SyncAll() override {
    if (::syncfs(fd_.get()) != 0) return ErrnoStatus(errno, "syncing the file system of " + path_);
    return absl::OkStatus();
  }

  absl::Status Append(std::string_view path, std::string_view content) override {
    ASSIGN_OR_RETURN(const Fd fd, OpenFile(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY));
    struct stat st;
    if (::fstat(fd.get(), &st) != 0) return ErrnoStatus(errno, "appending to " + Full(path));
    RETURN_IF_ERROR(CheckSingleName(st, Full(path)));
    return WriteAll(fd.get(), content, Full(path));
  }

 private:
  std::string Full(std::string_view path) const {
    return path.empty() ? path_ : fmt::format("{}/{}", path_, path);
  }

  int OpenInside(std::string_view path, uint64_t flags) const {
    return OpenBeneath(fd_.get(), std::string(path).c_str(), flags | O_NOFOLLOW, 0, kInside);
  }

  absl::StatusOr<FileInfo> StatRoot() const {
    struct stat st;
    if (::fstat(fd_.get(), &st) != 0) return ErrnoStatus(errno, path_);
    return InfoOf(st);
  }

  absl::StatusOr<Fd> OpenDir(std::string_view dir) const {
    if (!dir.empty()) RETURN_IF_ERROR(CheckRelativePath(dir));
    Fd fd(dir.empty() ? OpenBeneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY, 0, kInside)
                      : OpenInside(dir, O_RDONLY | O_DIRECTORY));
    if (!fd.valid()) return ErrnoStatus(errno, "opening " + Full(dir));
    return fd;
  }

  // A regular file; anything else is FAILED_PRECONDITION.
  absl::StatusOr<Fd> OpenFile(std::string_view path, uint64_t flags) const {
    RETURN_IF_ERROR(CheckRelativePath(path));
    Fd fd(OpenInside(path, flags));
    if (!fd.valid()) return ErrnoStatus(errno, "opening " + Full(path));
    struct stat st;
    if (::fstat(fd.get(), &st) != 0) return ErrnoStatus(errno, "opening " + Full(path));
    if (!S_ISREG(st.st_mode)) return FailedPrecondition("{}: not a regular file", Full(path));
    return fd;
  }

  absl::StatusOr<Place> Locate(std::string_view path) const {
    RETURN_IF_ERROR(CheckRelativePath(path));
    const auto [parent, leaf] = SplitPath(path);
    ASSIGN_OR_RETURN(Fd dir, OpenDir(parent));
    return Place{std::move(dir), std::string(leaf), Full(path)};
  }

  static absl::StatusOr<struct stat> StatAt(const Place& place) {
    struct stat st;
    if (::fstatat(place.dir.get(), place.leaf.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) return st;
    return ErrnoStatus(errno, place.what);
  }

  // By handles all the way down, and never into another file system.
  static absl::Status RemoveEntry(int dir, const std::string& leaf, const std::string& what) {
    if (::unlinkat(dir, leaf.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
    if (errno != EISDIR) return ErrnoStatus(errno, "removing " + what);
    Fd fd(OpenBeneath(dir, leaf.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                      kInside | RESOLVE_NO_XDEV));
    if (!fd.valid()) return ErrnoStatus(errno, "removing " + what);
    const int inner = fd.get();
    const Fd keep(::fcntl(inner, F_DUPFD_CLOEXEC, 0));
    if (!keep.valid()) return ErrnoStatus(errno, "removing " + what);
    ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(std::move(fd), what));
    for (const std::string& name : names)
      RETURN_IF_ERROR(RemoveEntry(keep.get(), name, what + "/" + name));
    if (::unlinkat(dir, leaf.c_str(), AT_REMOVEDIR) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "removing " + what);
  }

  const std::string path_;
  const Fd fd_;
};

class RealFiles : public Files {
 public:
  absl::StatusOr<std::unique_ptr<Root>> Open(const std::string& path) override {
    RETURN_IF_ERROR(CheckAbsolutePath(path));
    Fd fd(OpenBeneath(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0,
                      RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS));
    if (!fd.valid()) return ErrnoStatus(errno, "opening " + path);
    return std::make_unique<RealRoot>(path, std::move(fd));
  }
};

}  // namespace

std::unique_ptr<Files> NewRealFiles() { return std::make_unique<RealFiles>(); }

absl::StatusOr<std::unique_ptr<Root>> OpenOrMake(Files& files, const std::string& path,
                                                 uint32_t mode) {
  absl::StatusOr<std::unique_ptr<Root>> root = files.Open(path);
  if (!absl::IsNotFound(root.status())) return root;
  const auto [parent_path, leaf] = SplitPath(path);
  if (parent_path.empty()) return root;
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> parent,
                   OpenOrMake(files, std::string(parent_path), mode));
  const absl::Status made = parent->MakeDir(leaf, mode);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  RETURN_IF_ERROR(parent->Sync(""));
  return files.Open(path);
}

namespace {
std::string Beside(std::string_view path) {
  const auto [parent, leaf] = SplitPath(path);
  return JoinPath(parent, fmt::format(".{}.new", leaf));
}
}  // namespace

absl::Status DropReplacement(Root& root, std::string_view path) {
  return root.RemoveTree(Beside(path));
}

absl::Status ReplaceFile(Root& root, std::string_view path, std::string_view content,
                         uint32_t mode) {
  RETURN_IF_ERROR(CheckRelativePath(path));
  const std::string beside = Beside(path);
  RETURN_IF_ERROR(root.RemoveTree(beside));  // Left by a crash.
  RETURN_IF_ERROR(root.CreateFile(beside, content, mode));
  absl::Status status = root.Sync(beside);
  if (status.ok()) status = root.Rename(beside, path);
  if (!status.ok()) {
    root.Remove(beside).IgnoreError();
    return status;
  }
  return root.Sync(SplitPath(path).first);
}

}  // namespace reeve::agents
