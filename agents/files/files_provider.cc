#include "agents/files/files_provider.h"

#include <algorithm>
#include <optional>

#include "agents/files/unpack.h"
#include "agents/mark.h"
#include "agents/os/path.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"

namespace reeve::agents::files {
namespace {

constexpr std::string_view kBeside = ".new";
constexpr auto kMarkFile = ".reeve";
constexpr auto kReleases = "releases";
constexpr auto kCurrent = "current";
constexpr uint64_t kMarkBytesMax = 4096;
constexpr uint64_t kPieceBytes = 1 << 20;

absl::Status CheckStep(const std::string& dir, const std::string& blob) {
  RETURN_IF_ERROR(CheckRelativePath(dir));
  if (dir.find('/') != std::string::npos || dir.starts_with('.'))
    return InvalidArgument("dir: {} is not a label", dir);
  if (!IsDigest(blob)) return InvalidArgument("blob: {} is not a digest", blob);
  return absl::OkStatus();
}

std::string ReleasePath(const std::string& dir, const std::string& blob) {
  return fmt::format("{}/{}/{}", dir, kReleases, blob);
}
// What is being built, beside its place.
std::string BuildPath(const std::string& dir, const std::string& blob) {
  return fmt::format("{}/{}/.{}.new", dir, kReleases, blob);
}
std::string SpoolPath(const std::string& dir, const std::string& blob) {
  return fmt::format("{}/{}/.{}.tar", dir, kReleases, blob);
}

absl::StatusOr<bool> IsThere(Root& root, const std::string& path) {
  const absl::StatusOr<FileInfo> info = root.Stat(path);
  if (absl::IsNotFound(info.status())) return false;
  RETURN_IF_ERROR(info.status());
  return true;
}

// Empty: no mark.
absl::StatusOr<std::string> OwnerOf(Root& root, const std::string& dir) {
  const absl::StatusOr<std::string> text = root.Read(JoinPath(dir, kMarkFile), kMarkBytesMax);
  if (absl::IsNotFound(text.status())) return "";
  RETURN_IF_ERROR(text.status());
  const std::optional<Mark> mark = ReadMark(*text);
  return mark ? mark->owner : "";
}

// The digest that `current` points at; empty: no link.
absl::StatusOr<std::string> CurrentOf(Root& root, const std::string& dir) {
  const absl::StatusOr<FileInfo> info = root.Stat(JoinPath(dir, kCurrent));
  if (absl::IsNotFound(info.status())) return "";
  RETURN_IF_ERROR(info.status());
  if (info->type != FileType::kSymlink) {
    return FailedPrecondition("{}/{}/{} is not a link; nothing was changed", root.path(), dir,
                              kCurrent);
  }
  ASSIGN_OR_RETURN(const std::string target, root.ReadLink(JoinPath(dir, kCurrent)));
  return std::string(SplitPath(target).second);
}

// Complete releases. Empty when there is no directory for them.
absl::StatusOr<std::vector<std::string>> ReleasesOf(Root& root, const std::string& dir) {
  absl::StatusOr<std::vector<std::string>> names = root.List(JoinPath(dir, kReleases));
  if (absl::IsNotFound(names.status())) return std::vector<std::string>();
  RETURN_IF_ERROR(names.status());
  std::erase_if(*names, [](const std::string& name) { return !IsDigest(name); });
  return *std::move(names);
}

absl::Status PointAt(Root& root, const std::string& dir, const std::string& blob) {
  const std::string beside = JoinPath(dir, ".current.new");
  RETURN_IF_ERROR(root.RemoveTree(beside));
  RETURN_IF_ERROR(root.Symlink(JoinPath(kReleases, blob), beside));
  RETURN_IF_ERROR(root.Rename(beside, JoinPath(dir, kCurrent)));
  return root.Sync(dir);
}

class FilesProvider : public HostProvider {
 public:
  explicit FilesProvider(const Host& host) : host_(host) {}

  std::string_view name() const override { return "files"; }

  absl::Status Observe(pb::Inventory* inventory) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    ASSIGN_OR_RETURN(const std::vector<std::string> dirs, root->List(""));
    for (const std::string& dir : dirs) {
      if (dir.starts_with('.') &&
          dir.ends_with(kBeside)) {  // Begun or half removed; ours by its name.
        inventory->add_content_remains(dir.substr(1, dir.size() - 1 - kBeside.size()));
        continue;
      }
      ASSIGN_OR_RETURN(const FileInfo info, root->Stat(dir));
      if (info.type != FileType::kDirectory) {
        inventory->add_foreign(fmt::format("{}/{}", root->path(), dir));
        continue;
      }
      RETURN_IF_ERROR(ObserveDir(*root, dir, inventory));
    }
    return absl::OkStatus();
  }

  bool Runs(const pb::Step& step) const override {
    return step.has_unpack_release() || step.has_switch_release() || step.has_prune_releases() ||
           step.has_remove_content();
  }

  absl::StatusOr<pb::Receipt> Prepare(const pb::Step& step) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    if (step.has_unpack_release()) return PrepareUnpack(*root, step.unpack_release());
    if (step.has_switch_release()) return PrepareSwitch(*root, step.switch_release());
    return pb::Receipt();
  }

  absl::Status Do(const pb::Step& step, const pb::Receipt&, pb::StepReport*) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    if (step.has_unpack_release()) return UnpackRelease(*root, step.unpack_release());
    if (step.has_switch_release()) return SwitchRelease(*root, step.switch_release());
    if (step.has_prune_releases()) return Prune(*root, step.prune_releases());
    return RemoveContent(*root, step.remove_content().dir());
  }

  absl::Status Undo(const pb::Step& step, const pb::Receipt& receipt) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, OpenRoot());
    if (step.has_unpack_release()) return UndoUnpack(*root, step.unpack_release(), receipt);
    if (step.has_switch_release()) return UndoSwitch(*root, step.switch_release(), receipt);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::unique_ptr<Root>> OpenRoot() {
    return OpenOrMake(*host_.files, host_.paths.content, 0755);
  }

  static absl::Status ObserveDir(Root& root, const std::string& dir, pb::Inventory* inventory) {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(root, dir));
    pb::Inventory::Content* content = inventory->add_contents();
    content->set_dir(dir);
    content->set_owner(owner);
    if (owner.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> releases, ReleasesOf(root, dir));
    for (const std::string& release : releases) content->add_releases(release);
    ASSIGN_OR_RETURN(*content->mutable_current(), CurrentOf(root, dir));
    return absl::OkStatus();
  }

  static absl::StatusOr<pb::Receipt> PrepareUnpack(Root& root,
                                                   const pb::Step::UnpackRelease& unpack) {
    RETURN_IF_ERROR(CheckStep(unpack.dir(), unpack.blob()));
    pb::Receipt receipt;
    ASSIGN_OR_RETURN(const bool has_dir, IsThere(root, unpack.dir()));
    if (has_dir) {
      ASSIGN_OR_RETURN(const std::string owner, OwnerOf(root, unpack.dir()));
      if (owner != unpack.owner()) {
        return FailedPrecondition("{}/{} was not made for this Work; nothing was changed",
                                  root.path(), unpack.dir());
      }
    } else {
      receipt.add_made(unpack.dir());
    }
    ASSIGN_OR_RETURN(const bool has_release,
                     IsThere(root, ReleasePath(unpack.dir(), unpack.blob())));
    receipt.set_kind(has_release ? pb::Receipt::ALREADY_THERE : pb::Receipt::CREATED);
    return receipt;
  }

  static absl::StatusOr<pb::Receipt> PrepareSwitch(Root& root,
                                                   const pb::Step::SwitchRelease& release) {
    RETURN_IF_ERROR(CheckStep(release.dir(), release.blob()));
    ASSIGN_OR_RETURN(const std::string current, CurrentOf(root, release.dir()));
    pb::Receipt receipt;
    receipt.set_pre_image(current);
    receipt.set_kind(current.empty()             ? pb::Receipt::CREATED
                     : current == release.blob() ? pb::Receipt::ALREADY_THERE
                                                 : pb::Receipt::CHANGED);
    return receipt;
  }

  absl::Status UnpackRelease(Root& root, const pb::Step::UnpackRelease& unpack) {
    RETURN_IF_ERROR(CheckStep(unpack.dir(), unpack.blob()));
    ASSIGN_OR_RETURN(const bool there, IsThere(root, ReleasePath(unpack.dir(), unpack.blob())));
    if (there) return absl::OkStatus();
    RETURN_IF_ERROR(MakeHome(root, unpack));
    RETURN_IF_ERROR(Fetch(root, unpack));
    RETURN_IF_ERROR(Build(root, unpack));
    return root.RemoveTree(SpoolPath(unpack.dir(), unpack.blob()));
  }

  // The directory with its mark, made beside and renamed, so that one without a mark is never ours.
  static absl::Status MakeHome(Root& root, const pb::Step::UnpackRelease& unpack) {
    ASSIGN_OR_RETURN(const bool there, IsThere(root, unpack.dir()));
    if (there) return absl::OkStatus();
    const std::string beside = HomeBeside(unpack.dir());
    RETURN_IF_ERROR(root.RemoveTree(beside));
    RETURN_IF_ERROR(root.MakeDir(beside, 0755));
    RETURN_IF_ERROR(
        root.CreateFile(JoinPath(beside, kMarkFile), WithMark(unpack.owner(), ""), 0644));
    RETURN_IF_ERROR(root.MakeDir(JoinPath(beside, kReleases), 0755));
    RETURN_IF_ERROR(root.Sync(JoinPath(beside, kMarkFile)));
    RETURN_IF_ERROR(root.Sync(beside));
    RETURN_IF_ERROR(root.Rename(beside, unpack.dir()));
    return root.Sync("");
  }

  static std::string HomeBeside(const std::string& dir) {
    return fmt::format(".{}{}", dir, kBeside);
  }

  // The blob to a file of ours, checked against its digest.
  absl::Status Fetch(Root& root, const pb::Step::UnpackRelease& unpack) {
    if (host_.content == nullptr)
      return Unavailable("blob {}: nowhere to fetch it from", unpack.blob());
    const std::string spool = SpoolPath(unpack.dir(), unpack.blob());
    RETURN_IF_ERROR(root.RemoveTree(spool));
    RETURN_IF_ERROR(root.CreateFile(spool, "", 0600));
    Sha256 hash;
    uint64_t bytes = 0;
    const absl::Status fetched = host_.content->GetBlob(
        unpack.namespace_(), unpack.blob(), [&](std::string_view piece) -> absl::Status {
          bytes += piece.size();
          if (bytes > kBlobBytesMax + kTarOverheadMax)
            return InvalidArgument("longer than {} bytes", kBlobBytesMax);
          hash.Add(piece);
          return root.Append(spool, piece);
        });
    RETURN_IF_ERROR(Annotate(fetched, "fetching blob " + unpack.blob()));
    const std::string digest = hash.Digest();
    if (digest != unpack.blob()) return DataLoss("blob {}: what came is {}", unpack.blob(), digest);
    return absl::OkStatus();
  }

  static absl::Status Build(Root& root, const pb::Step::UnpackRelease& unpack) {
    const std::string build = BuildPath(unpack.dir(), unpack.blob());
    const std::string spool = SpoolPath(unpack.dir(), unpack.blob());
    RETURN_IF_ERROR(root.RemoveTree(build));
    RETURN_IF_ERROR(root.MakeDir(build, 0755));
    uint64_t offset = 0;
    const auto read = [&]() -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(std::string piece, root.ReadAt(spool, offset, kPieceBytes));
      offset += piece.size();
      return piece;
    };
    const UnpackLimits limits{.bytes_max = kBlobBytesMax, .files_max = kBlobFilesMax};
    RETURN_IF_ERROR(Annotate(Unpack(read, root, build, limits), "unpacking blob " + unpack.blob()));
    RETURN_IF_ERROR(root.SyncAll());
    RETURN_IF_ERROR(root.Rename(build, ReleasePath(unpack.dir(), unpack.blob())));
    return root.Sync(JoinPath(unpack.dir(), kReleases));
  }

  static absl::Status SwitchRelease(Root& root, const pb::Step::SwitchRelease& release) {
    RETURN_IF_ERROR(CheckStep(release.dir(), release.blob()));
    ASSIGN_OR_RETURN(const bool there, IsThere(root, ReleasePath(release.dir(), release.blob())));
    if (!there)
      return FailedPrecondition("{}: release {} is not unpacked", release.dir(), release.blob());
    ASSIGN_OR_RETURN(const std::string current, CurrentOf(root, release.dir()));
    return current == release.blob() ? absl::OkStatus()
                                     : PointAt(root, release.dir(), release.blob());
  }

  // What was begun or half removed beside the releases.
  static absl::Status DropUnfinished(Root& root, const std::string& dir) {
    const std::string releases = JoinPath(dir, kReleases);
    ASSIGN_OR_RETURN(const std::vector<std::string> names, root.List(releases));
    for (const std::string& name : names) {
      if (name.starts_with('.')) RETURN_IF_ERROR(root.RemoveTree(JoinPath(releases, name)));
    }
    return absl::OkStatus();
  }

  static absl::Status Prune(Root& root, const pb::Step::PruneReleases& prune) {
    RETURN_IF_ERROR(DropUnfinished(root, prune.dir()));
    ASSIGN_OR_RETURN(const std::string current, CurrentOf(root, prune.dir()));
    ASSIGN_OR_RETURN(const std::vector<std::string> releases, ReleasesOf(root, prune.dir()));
    for (const std::string& release : releases) {
      if (release == current || std::ranges::find(prune.keep(), release) != prune.keep().end())
        continue;
      // Renamed first: half a release must not look like one.
      RETURN_IF_ERROR(
          root.Rename(ReleasePath(prune.dir(), release), BuildPath(prune.dir(), release)));
      RETURN_IF_ERROR(root.RemoveTree(BuildPath(prune.dir(), release)));
    }
    return absl::OkStatus();
  }

  static absl::Status RemoveContent(Root& root, const std::string& dir) {
    RETURN_IF_ERROR(root.RemoveTree(HomeBeside(dir)));
    ASSIGN_OR_RETURN(const bool there, IsThere(root, dir));
    if (!there) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(root, dir));
    if (owner.empty())
      return FailedPrecondition("{}/{} has no mark; nothing was changed", root.path(), dir);
    // With its mark it goes in one step; what is hidden under the other name is ours by that name.
    RETURN_IF_ERROR(root.Rename(dir, HomeBeside(dir)));
    RETURN_IF_ERROR(root.RemoveTree(HomeBeside(dir)));
    return root.Sync("");
  }

  static absl::Status UndoUnpack(Root& root, const pb::Step::UnpackRelease& unpack,
                                 const pb::Receipt& receipt) {
    if (receipt.kind() == pb::Receipt::ALREADY_THERE) return absl::OkStatus();
    if (receipt.made_size() > 0) return RemoveContent(root, unpack.dir());
    RETURN_IF_ERROR(root.RemoveTree(SpoolPath(unpack.dir(), unpack.blob())));
    const std::string build = BuildPath(unpack.dir(), unpack.blob());
    RETURN_IF_ERROR(root.RemoveTree(build));
    const absl::Status moved = root.Rename(ReleasePath(unpack.dir(), unpack.blob()), build);
    if (!moved.ok() && !absl::IsNotFound(moved)) return moved;
    return root.RemoveTree(build);
  }

  static absl::Status UndoSwitch(Root& root, const pb::Step::SwitchRelease& release,
                                 const pb::Receipt& receipt) {
    RETURN_IF_ERROR(root.RemoveTree(JoinPath(release.dir(), ".current.new")));
    ASSIGN_OR_RETURN(const std::string current, CurrentOf(root, release.dir()));
    if (current == receipt.pre_image()) return absl::OkStatus();
    if (!receipt.pre_image().empty()) return PointAt(root, release.dir(), receipt.pre_image());
    RETURN_IF_ERROR(root.Remove(JoinPath(release.dir(), kCurrent)));
    return root.Sync(release.dir());
  }

  // Headers and padding of a tar of kBlobFilesMax files.
  static constexpr uint64_t kTarOverheadMax = kBlobFilesMax * 2048;

  const Host host_;
};

}  // namespace

std::unique_ptr<HostProvider> NewFilesProvider(const Host& host) {
  return std::make_unique<FilesProvider>(host);
}

}  // namespace reeve::agents::files
