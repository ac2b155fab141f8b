#include "agents/testing/fake_root.h"

#include <cerrno>

#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

// Walks from `dir` without following any link, as openat2 does for us.
absl::StatusOr<InodePtr> Step(InodePtr dir, std::string_view path, const std::string& what) {
  if (path.empty()) return dir;
  for (const std::string& part : Split(path, '/')) {
    if (dir->type == FileType::kSymlink) return ErrnoStatus(ELOOP, what);
    if (dir->type != FileType::kDirectory) return ErrnoStatus(ENOTDIR, what);
    const auto found = dir->entries.find(part);
    if (found == dir->entries.end()) return ErrnoStatus(ENOENT, what);
    dir = found->second;
  }
  return dir;
}

struct Spot {
  InodePtr dir;
  std::string leaf;
  std::string what;

  InodePtr Entry() const {
    const auto found = dir->entries.find(leaf);
    return found == dir->entries.end() ? nullptr : found->second;
  }
};

absl::Status CheckSingleName(const Inode& inode, const std::string& what) {
  if (inode.type != FileType::kRegular || inode.links == 1) return absl::OkStatus();
  return FailedPrecondition("{}: has {} hard links; not touched", what, inode.links);
}

class FakeRoot : public Root {
 public:
  FakeRoot(std::string path, InodePtr dir, Gate* gate)
      : path_(std::move(path)), dir_(std::move(dir)), gate_(gate) {}

  const std::string& path() const override { return path_; }

  absl::StatusOr<FileInfo> Stat(std::string_view path) override {
    RETURN_IF_ERROR(Enter("stat", path, false));
    if (path.empty()) return InfoOf(*dir_);
    ASSIGN_OR_RETURN(const InodePtr inode, Existing(path));
    return InfoOf(*inode);
  }

  absl::StatusOr<std::string> Read(std::string_view path, uint64_t bytes_max) override {
    RETURN_IF_ERROR(Enter("read", path, false));
    ASSIGN_OR_RETURN(const InodePtr inode, RegularFile(path));
    if (inode->content.size() > bytes_max)
      return ResourceExhausted("{}: longer than {} bytes", Full(path), bytes_max);
    return inode->content;
  }

  absl::StatusOr<std::string> ReadAt(std::string_view path, uint64_t offset,
                                     uint64_t bytes_max) override {
    RETURN_IF_ERROR(Enter("read", path, false));
    ASSIGN_OR_RETURN(const InodePtr inode, RegularFile(path));
    return offset >= inode->content.size() ? "" : inode->content.substr(offset, bytes_max);
  }

  absl::StatusOr<std::vector<std::string>> List(std::string_view dir) override {
    RETURN_IF_ERROR(Enter("list", dir, false));
    if (!dir.empty()) RETURN_IF_ERROR(CheckRelativePath(dir));
    ASSIGN_OR_RETURN(const InodePtr inode, Step(dir_, dir, Full(dir)));
    if (inode->type == FileType::kSymlink) return ErrnoStatus(ELOOP, Full(dir));
    if (inode->type != FileType::kDirectory) return ErrnoStatus(ENOTDIR, Full(dir));
    std::vector<std::string> names;
    for (const auto& [name, entry] : inode->entries) names.push_back(name);
    return names;
  }

  absl::StatusOr<std::string> ReadLink(std::string_view path) override {
    RETURN_IF_ERROR(Enter("readlink", path, false));
    ASSIGN_OR_RETURN(const InodePtr inode, Existing(path));
    if (inode->type != FileType::kSymlink) return ErrnoStatus(EINVAL, Full(path));
    return inode->content;
  }

  absl::Status CreateFile(std::string_view path, std::string_view content, uint32_t mode) override {
    return Make("create", path, {.mode = mode, .content = std::string(content)});
  }

  absl::Status MakeDir(std::string_view path, uint32_t mode) override {
    return Make("mkdir", path, {.type = FileType::kDirectory, .mode = mode});
  }

  absl::Status Symlink(std::string_view target, std::string_view path) override {
    return Make("symlink", path,
                {.type = FileType::kSymlink, .mode = 0777, .content = std::string(target)});
  }

  absl::Status Rename(std::string_view from, std::string_view to) override {
    RETURN_IF_ERROR(Enter("rename", to, true));
    ASSIGN_OR_RETURN(const Spot source, Locate(from));
    ASSIGN_OR_RETURN(const Spot target, Locate(to));
    const InodePtr moved = source.Entry();
    if (moved == nullptr) return ErrnoStatus(ENOENT, source.what);
    if (const InodePtr there = target.Entry())
      RETURN_IF_ERROR(CheckReplace(*moved, *there, target.what));
    source.dir->entries.erase(source.leaf);
    target.dir->entries[target.leaf] = moved;
    return absl::OkStatus();
  }

  absl::Status Remove(std::string_view path) override {
    RETURN_IF_ERROR(Enter("remove", path, true));
    ASSIGN_OR_RETURN(const Spot spot, Locate(path));
    const InodePtr inode = spot.Entry();
    if (inode == nullptr) return ErrnoStatus(ENOENT, spot.what);
    if (!inode->entries.empty()) return ErrnoStatus(ENOTEMPTY, spot.what);
    --inode->links;
    spot.dir->entries.erase(spot.leaf);
    return absl::OkStatus();
  }

  absl::Status RemoveTree(std::string_view path) override {
    RETURN_IF_ERROR(Enter("remove-tree", path, true));
    const absl::StatusOr<Spot> spot = Locate(path);
    if (absl::IsNotFound(spot.status())) return absl::OkStatus();
    RETURN_IF_ERROR(spot.status());
    if (const InodePtr inode = spot->Entry()) --inode->links;
    spot->dir->entries.erase(spot->leaf);
    return absl::OkStatus();
  }

  absl::Status Chown(std::string_view path, uint32_t uid, uint32_t gid) override {
    RETURN_IF_ERROR(Enter("chown", path, true));
    ASSIGN_OR_RETURN(const InodePtr inode, Existing(path));
    RETURN_IF_ERROR(CheckSingleName(*inode, Full(path)));
    inode->uid = uid;
    inode->gid = gid;
    return absl::OkStatus();
  }

  absl::Status Sync(std::string_view path) override {
    RETURN_IF_ERROR(Enter("sync", path, false));
    return path.empty() ? absl::OkStatus() : Existing(path).status();
  }

  absl::Status SyncAll() override { return Enter("sync-all", "", false); }

  absl::Status Append(std::string_view path, std::string_view content) override {
    RETURN_IF_ERROR(Enter("append", path, true));
    ASSIGN_OR_RETURN(const InodePtr inode, RegularFile(path));
    RETURN_IF_ERROR(CheckSingleName(*inode, Full(path)));
    inode->content += content;
    return absl::OkStatus();
  }

 private:
  absl::Status Enter(std::string_view call, std::string_view path, bool mutates) {
    return gate_->Enter(fmt::format("{} {}", call, Full(path)), mutates);
  }

  std::string Full(std::string_view path) const {
    return path.empty() ? path_ : fmt::format("{}/{}", path_, path);
  }

  static FileInfo InfoOf(const Inode& inode) {
    return {.type = inode.type,
            .mode = inode.mode,
            .uid = inode.uid,
            .gid = inode.gid,
            .size = inode.content.size(),
            .links = inode.links};
  }

  absl::StatusOr<Spot> Locate(std::string_view path) const {
    RETURN_IF_ERROR(CheckRelativePath(path));
    const auto [parent, leaf] = SplitPath(path);
    ASSIGN_OR_RETURN(InodePtr dir, Step(dir_, parent, Full(path)));
    if (dir->type == FileType::kSymlink) return ErrnoStatus(ELOOP, Full(path));
    if (dir->type != FileType::kDirectory) return ErrnoStatus(ENOTDIR, Full(path));
    return Spot{std::move(dir), std::string(leaf), Full(path)};
  }

  absl::StatusOr<InodePtr> Existing(std::string_view path) const {
    ASSIGN_OR_RETURN(const Spot spot, Locate(path));
    if (InodePtr inode = spot.Entry()) return inode;
    return ErrnoStatus(ENOENT, spot.what);
  }

  absl::StatusOr<InodePtr> RegularFile(std::string_view path) const {
    ASSIGN_OR_RETURN(InodePtr inode, Existing(path));
    if (inode->type == FileType::kSymlink) return ErrnoStatus(ELOOP, Full(path));
    if (inode->type != FileType::kRegular)
      return FailedPrecondition("{}: not a regular file", Full(path));
    return inode;
  }

  absl::Status Make(std::string_view call, std::string_view path, Inode inode) {
    RETURN_IF_ERROR(Enter(call, path, true));
    ASSIGN_OR_RETURN(const Spot spot, Locate(path));
    if (spot.Entry() != nullptr) return ErrnoStatus(EEXIST, spot.what);
    spot.dir->entries[spot.leaf] = std::make_shared<Inode>(std::move(inode));
    return absl::OkStatus();
  }

  static absl::Status CheckReplace(const Inode& moved, const Inode& there,
                                   const std::string& what) {
    if (moved.type == FileType::kDirectory) {
      if (there.type != FileType::kDirectory) return ErrnoStatus(ENOTDIR, what);
      return there.entries.empty() ? absl::OkStatus() : ErrnoStatus(ENOTEMPTY, what);
    }
    if (there.type == FileType::kDirectory) return ErrnoStatus(EISDIR, what);
    return CheckSingleName(there, what);
  }

  const std::string path_;
  const InodePtr dir_;
  Gate* const gate_;
};

class FakeFiles : public Files {
 public:
  FakeFiles(MemTree* tree, Gate* gate) : tree_(tree), gate_(gate) {}

  absl::StatusOr<std::unique_ptr<Root>> Open(const std::string& path) override {
    RETURN_IF_ERROR(CheckAbsolutePath(path));
    RETURN_IF_ERROR(gate_->Enter("open " + path, false));
    ASSIGN_OR_RETURN(InodePtr dir, Step(tree_->root(), std::string_view(path).substr(1), path));
    if (dir->type == FileType::kSymlink) return ErrnoStatus(ELOOP, path);
    if (dir->type != FileType::kDirectory) return ErrnoStatus(ENOTDIR, path);
    return std::make_unique<FakeRoot>(path, std::move(dir), gate_);
  }

 private:
  MemTree* const tree_;
  Gate* const gate_;
};

}  // namespace

std::unique_ptr<Files> NewFakeFiles(MemTree* tree, Gate* gate) {
  return std::make_unique<FakeFiles>(tree, gate);
}

}  // namespace reeve::agents
