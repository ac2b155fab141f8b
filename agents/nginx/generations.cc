#include "agents/nginx/generations.h"

#include <charconv>

#include "agents/os/path.h"
#include "base/status.h"

namespace reeve::agents::nginx {
namespace {

constexpr std::string_view kPrefix = "gen-";
constexpr std::string_view kStagedSuffix = ".new";
constexpr auto kNextLink = ".current.new";
constexpr uint64_t kFileBytesMax = 1 << 20;

std::string StagedDir(int64_t generation) {
  return GenerationDir(generation) + std::string(kStagedSuffix);
}

// "gen-7" and "gen-7.new" are 7.
std::optional<int64_t> NumberOf(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.ends_with(kStagedSuffix)) name.remove_suffix(kStagedSuffix.size());
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string GenerationDir(int64_t generation) { return fmt::format("{}{}", kPrefix, generation); }

absl::StatusOr<std::optional<int64_t>> Generations::Live() const {
  const absl::StatusOr<FileInfo> info = root_.Stat(kCurrent);
  if (absl::IsNotFound(info.status())) return std::optional<int64_t>();
  RETURN_IF_ERROR(info.status());
  if (info->type != FileType::kSymlink) {
    return FailedPrecondition("{}/{} is not a link; nothing was changed", root_.path(), kCurrent);
  }
  ASSIGN_OR_RETURN(const std::string target, root_.ReadLink(kCurrent));
  const std::optional<int64_t> number = NumberOf(target);
  if (number && target == GenerationDir(*number)) return Existing(*number);
  return FailedPrecondition("{}/{} points at {}, which is no generation", root_.path(), kCurrent,
                            target);
}

// nullopt: `current` points at what somebody removed, which is as if it were not there.
absl::StatusOr<std::optional<int64_t>> Generations::Existing(int64_t generation) const {
  const absl::Status there = root_.Stat(GenerationDir(generation)).status();
  if (absl::IsNotFound(there)) return std::optional<int64_t>();
  RETURN_IF_ERROR(there);
  return std::optional<int64_t>(generation);
}

absl::StatusOr<std::set<int64_t>> Generations::All() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, root_.List(""));
  std::set<int64_t> numbers;
  for (const std::string& name : names) {
    if (const std::optional<int64_t> number = NumberOf(name)) numbers.insert(*number);
  }
  return numbers;
}

absl::StatusOr<int64_t> Generations::Newest() const {
  ASSIGN_OR_RETURN(const std::set<int64_t> numbers, All());
  return numbers.empty() ? 0 : *numbers.rbegin();
}

absl::StatusOr<Tree> Generations::ReadDir(const std::string& dir,
                                          std::set<std::string>* others) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, root_.List(dir));
  Tree files;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const FileInfo info, root_.Stat(JoinPath(dir, name)));
    if (info.type == FileType::kRegular) {
      ASSIGN_OR_RETURN(files[name], root_.Read(JoinPath(dir, name), kFileBytesMax));
    } else if (others != nullptr) {
      others->insert(name);
    }
  }
  return files;
}

absl::StatusOr<Tree> Generations::Read(int64_t generation, std::set<std::string>* others) const {
  return ReadDir(GenerationDir(generation), others);
}

absl::StatusOr<Tree> Generations::ReadStaged(int64_t generation) const {
  return ReadDir(StagedDir(generation), nullptr);
}

absl::Status Generations::Stage(int64_t generation, const Tree& files) {
  const std::string dir = StagedDir(generation);
  RETURN_IF_ERROR(root_.RemoveTree(dir));
  RETURN_IF_ERROR(root_.MakeDir(dir, 0755));
  for (const auto& [name, content] : files)
    RETURN_IF_ERROR(root_.CreateFile(JoinPath(dir, name), content, 0644));
  return absl::OkStatus();
}

std::string Generations::StagedPath(int64_t generation) const {
  return fmt::format("{}/{}", root_.path(), StagedDir(generation));
}

absl::Status Generations::Promote(int64_t generation) {
  const std::string staged = StagedDir(generation);
  const absl::StatusOr<std::vector<std::string>> names = root_.List(staged);
  if (absl::IsNotFound(names.status())) return root_.Stat(GenerationDir(generation)).status();
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) RETURN_IF_ERROR(root_.Sync(JoinPath(staged, name)));
  RETURN_IF_ERROR(root_.Sync(staged));
  RETURN_IF_ERROR(root_.Rename(staged, GenerationDir(generation)));
  return root_.Sync("");
}

absl::Status Generations::PointAt(int64_t generation) {
  RETURN_IF_ERROR(root_.RemoveTree(kNextLink));
  RETURN_IF_ERROR(root_.Symlink(GenerationDir(generation), kNextLink));
  RETURN_IF_ERROR(root_.Rename(kNextLink, kCurrent));
  return root_.Sync("");
}

absl::Status Generations::Remove(int64_t generation) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> live, Live());
  if (live == generation) return FailedPrecondition("generation {} is live", generation);
  RETURN_IF_ERROR(root_.RemoveTree(StagedDir(generation)));
  return root_.RemoveTree(GenerationDir(generation));
}

absl::Status Generations::PruneBefore(int64_t generation) {
  ASSIGN_OR_RETURN(std::set<int64_t> numbers, All());
  numbers.erase(numbers.lower_bound(generation), numbers.end());
  while (numbers.size() > 2) {
    RETURN_IF_ERROR(Remove(*numbers.begin()));
    numbers.erase(numbers.begin());
  }
  return absl::OkStatus();
}

absl::Status Generations::DropUnusedLink() { return root_.RemoveTree(kNextLink); }

}  // namespace reeve::agents::nginx
