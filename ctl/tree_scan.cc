// ScanTree of tar.h.
#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "ctl/tar.h"

namespace reeve::ctl {
namespace {

namespace fs = std::filesystem;

class Scanner {
 public:
  explicit Scanner(fs::path root) : root_(std::move(root)) {}

  absl::StatusOr<Tree> Run() {
    RETURN_IF_ERROR(ScanDirectory(root_, ""));
    if (tree_.entries.empty()) return InvalidArgument("{}: there is nothing in it", root_.string());
    std::sort(tree_.entries.begin(), tree_.entries.end(),
              [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
    return std::move(tree_);
  }

 private:
  absl::Status ScanDirectory(const fs::path& directory, const std::string& path) {
    // Following links can come back to a directory that is being scanned: that is a loop.
    open_.insert(directory);
    std::error_code error;
    for (fs::directory_iterator it(directory, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      const std::string name = it->path().filename().string();
      RETURN_IF_ERROR(Take(it->path(), path.empty() ? name : path + "/" + name));
    }
    open_.erase(directory);
    return error ? ErrnoStatus(error.value(), directory.string()) : absl::OkStatus();
  }

  absl::Status Take(const fs::path& on_disk, const std::string& path) {
    std::error_code error;
    if (fs::is_symlink(on_disk, error)) return TakeLink(on_disk, path);
    return TakeReal(on_disk, path);
  }

  absl::Status TakeLink(const fs::path& link, const std::string& path) {
    std::error_code error;
    const fs::path target = fs::canonical(link, error);
    if (error) return Drop(path, "the link leads nowhere");
    if (!Inside(target)) return Drop(path, "the link leads out of the directory");
    if (open_.contains(target)) return Drop(path, "the link leads back to a directory above it");
    return TakeReal(target, path);
  }

  absl::Status TakeReal(const fs::path& on_disk, const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(on_disk, error);
    if (error) return ErrnoStatus(error.value(), on_disk.string());
    if (fs::is_directory(status)) {
      RETURN_IF_ERROR(Add({.path = path, .source = on_disk.string(), .directory = true}));
      return ScanDirectory(on_disk, path);
    }
    if (!fs::is_regular_file(status)) return Drop(path, "it is neither a file nor a directory");
    const uint64_t size = fs::file_size(on_disk, error);
    if (error) return ErrnoStatus(error.value(), on_disk.string());
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    return Add({.path = path, .source = on_disk.string(), .executable = executable, .size = size});
  }

  absl::Status Add(TreeEntry entry) {
    tree_.files += entry.directory ? 0 : 1;
    tree_.bytes += entry.size;
    if (tree_.entries.size() >= kBlobFilesMax) {
      return InvalidArgument("{}: has more than {} files", root_.string(), kBlobFilesMax);
    }
    if (tree_.bytes > kBlobBytesMax)
      return InvalidArgument("{}: is larger than {} bytes", root_.string(), kBlobBytesMax);
    tree_.entries.push_back(std::move(entry));
    return absl::OkStatus();
  }

  absl::Status Drop(const std::string& path, std::string_view why) {
    tree_.warnings.push_back(fmt::format("{} is left out: {}", path, why));
    return absl::OkStatus();
  }

  bool Inside(const fs::path& target) const {
    const fs::path relative = target.lexically_relative(root_);
    return !relative.empty() && *relative.begin() != "..";
  }

  const fs::path root_;  // Canonical.
  std::set<fs::path> open_;
  Tree tree_;
};

}  // namespace

absl::StatusOr<Tree> ScanTree(const std::string& directory) {
  std::error_code error;
  const fs::path root = fs::canonical(directory, error);
  if (error) return NotFound("the path \"{}\" does not exist", directory);
  if (!fs::is_directory(root, error)) return InvalidArgument("{}: is not a directory", directory);
  return Scanner(root).Run();
}

}  // namespace reeve::ctl
