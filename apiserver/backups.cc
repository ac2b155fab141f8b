#include "apiserver/backups.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "apiserver/timestamps.h"
#include "base/durable_file.h"
#include "base/fd.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::apiserver {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSums = "SHA256SUMS";
constexpr std::string_view kPart = ".part";
constexpr std::string_view kTimeFormat = "%Y-%m-%dT%H:%M:%SZ";
constexpr size_t kReadBytes = 1 << 20;

// What SHA256SUMS says.
struct Contents {
  v1::StoreBackup backup;
  std::map<std::string, std::string> sums;  // By path in the backup.
};

absl::Status ToStatus(const std::error_code& error, const std::string& doing) {
  return error ? ErrnoStatus(error.value(), doing) : absl::OkStatus();
}

absl::StatusOr<std::string> HashOf(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoStatus(errno, "reading " + path);
  Sha256 hash;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return ErrnoStatus(errno, "reading " + path);
    if (size == 0) break;
    hash.Add({buffer.data(), static_cast<size_t>(size)});
  }
  return hash.Hex();
}

// All files below `dir` but the list of them, by their paths in it.
absl::StatusOr<std::vector<std::string>> FilesIn(const std::string& dir) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = fs::relative(it->path(), dir).string();
    if (it->is_regular_file() && path != kSums) files.push_back(path);
  }
  RETURN_IF_ERROR(ToStatus(error, "reading " + dir));
  std::ranges::sort(files);
  return files;
}

std::string Encode(const Contents& contents) {
  const v1::StoreBackup& backup = contents.backup;
  std::string text = fmt::format(
      "# reeve-backup 1\n# name {}\n# time {}\n# epoch {}\n# revision {}\n", backup.name(),
      absl::FormatTime(ToAbsl(kTimeFormat), FromTimestamp(backup.time()), absl::UTCTimeZone()),
      backup.epoch(), backup.revision());
  for (const auto& [path, sum] : contents.sums) text += fmt::format("{}  {}\n", sum, path);
  return text;
}

void TakeHeader(const std::vector<std::string>& words, v1::StoreBackup* backup) {
  absl::Time time;
  if (words.size() != 3) return;
  const std::string& value = words[2];
  if (words[1] == "name") backup->set_name(value);
  if (words[1] == "epoch") backup->set_epoch(value);
  if (words[1] == "time" && absl::ParseTime(ToAbsl(kTimeFormat), value, &time, nullptr))
    *backup->mutable_time() = ToTimestamp(time);
  if (int64_t revision = 0; words[1] == "revision") {
    std::from_chars(value.data(), value.data() + value.size(), revision);
    backup->set_revision(revision);
  }
}

absl::StatusOr<Contents> ReadContents(const std::string& dir) {
  absl::StatusOr<std::string> text = ReadFile(fmt::format("{}/{}", dir, kSums));
  if (absl::IsNotFound(text.status())) return NotFound("{} is no backup: it has no {}", dir, kSums);
  RETURN_IF_ERROR(text.status());
  Contents contents;
  for (const std::string& line : Split(*text, '\n')) {
    if (line.starts_with('#')) TakeHeader(Split(line, ' '), &contents.backup);
    const size_t gap = line.find("  ");
    if (line.starts_with('#') || gap == line.npos) continue;
    contents.sums[line.substr(gap + 2)] = line.substr(0, gap);
  }
  if (!text->starts_with("# reeve-backup 1\n") || contents.backup.epoch().empty())
    return DataLoss("{}/{} is not what this program writes", dir, kSums);
  contents.backup.set_files(static_cast<int64_t>(contents.sums.size()));
  contents.backup.set_path(dir);
  return contents;
}

void AddSizes(const std::string& dir, const Contents& contents, v1::StoreBackup* backup) {
  int64_t size = 0;
  for (const auto& [path, sum] : contents.sums) {
    std::error_code error;
    const auto bytes = fs::file_size(dir + "/" + path, error);
    if (!error) size += static_cast<int64_t>(bytes);
  }
  backup->set_size_bytes(size);
}

// Links, or copies to another file system, each regular file of `from` that `to` lacks.
absl::Status LinkAll(const std::string& from, const std::string& to) {
  std::error_code error;
  for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const fs::path target = fs::path(to) / it->path().filename();
    const bool wanted = it->is_regular_file() &&
                        it->path().filename().string().starts_with(kDigestPrefix) &&
                        !fs::exists(target);
    if (!wanted) continue;
    fs::create_hard_link(it->path(), target, error);
    if (error == std::errc::cross_device_link) fs::copy_file(it->path(), target, error);
    // An upload that nobody names any more may go meanwhile.
    if (error == std::errc::no_such_file_or_directory) error.clear();
    RETURN_IF_ERROR(ToStatus(error, "linking " + it->path().string()));
  }
  return ToStatus(error, "reading " + from);
}

absl::Status SyncFile(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || fsync(file.get()) != 0) return ErrnoStatus(errno, "syncing " + path);
  return absl::OkStatus();
}

// Copies `path` from one directory to another, to be there whole or not at all.
absl::Status CopyFile(const std::string& from, const std::string& to, const std::string& path) {
  const std::string target = to + "/" + path;
  if (fs::exists(target)) return absl::OkStatus();
  RETURN_IF_ERROR(MakeDirs(fs::path(target).parent_path()));
  std::error_code error;
  fs::copy_file(from + "/" + path, target + std::string(kPart),
                fs::copy_options::overwrite_existing, error);
  RETURN_IF_ERROR(ToStatus(error, "copying " + path));
  RETURN_IF_ERROR(SyncFile(target + std::string(kPart)));
  return RenameFile(target + std::string(kPart), target);
}

absl::Status RemoveAll(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return ToStatus(error, "removing " + path);
}

}  // namespace

absl::Status Backups::Fill(const std::string& dir, v1::StoreBackup* backup) {
  RETURN_IF_ERROR(MakeDirs(dir + "/db"));
  RETURN_IF_ERROR(MakeDirs(dir + "/blobs"));
  ASSIGN_OR_RETURN(const Revision revision, options_.store->Checkpoint(dir + "/db/rocks"));
  backup->set_epoch(options_.store->epoch());
  backup->set_revision(revision);
  // After the store: bytes come before the Blob that names them, and go long after it.
  RETURN_IF_ERROR(LinkAll(options_.data_dir + "/blobs", dir + "/blobs"));
  Contents contents{.backup = *backup, .sums = {}};
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(dir));
  for (const std::string& path : files) {
    const std::string name = fs::path(path).filename();
    if (name.starts_with(kDigestPrefix)) {  // Checked when it came: its name is its sum.
      contents.sums[path] = name.substr(kDigestPrefix.size());
    } else {
      ASSIGN_OR_RETURN(contents.sums[path], HashOf(dir + "/" + path));
    }
  }
  return ReplaceFile(fmt::format("{}/{}", dir, kSums), Encode(contents));
}

absl::StatusOr<v1::StoreBackup> Backups::Create() {
  MutexLock lock(&making_);
  const absl::Time now = options_.clock->Read().wall;
  v1::StoreBackup backup;
  const std::string stamp = absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
  std::string name = stamp;
  for (int i = 2; fs::exists(Dir() + "/" + name); ++i) name = fmt::format("{}-{}", stamp, i);
  backup.set_name(name);
  *backup.mutable_time() = ToTimestamp(now);
  const std::string part = Dir() + "/making" + std::string(kPart);
  RETURN_IF_ERROR(RemoveAll(part));
  RETURN_IF_ERROR(MakeDirs(Dir()));
  if (absl::Status filled = Fill(part, &backup); !filled.ok()) {
    filled.Update(RemoveAll(part));
    return Annotate(filled, "making a backup");
  }
  RETURN_IF_ERROR(RenameFile(part, Dir() + "/" + name));
  ASSIGN_OR_RETURN(Contents contents, ReadContents(Dir() + "/" + name));
  AddSizes(Dir() + "/" + name, contents, &contents.backup);
  return contents.backup;
}

absl::StatusOr<std::vector<v1::StoreBackup>> Backups::List() const {
  std::vector<v1::StoreBackup> backups;
  std::error_code error;
  for (fs::directory_iterator it(Dir(), error), end; !error && it != end; it.increment(error)) {
    absl::StatusOr<Contents> contents = ReadContents(it->path());
    if (!contents.ok()) continue;  // Not one of ours, or not whole.
    AddSizes(it->path(), *contents, &contents->backup);
    backups.push_back(std::move(contents->backup));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return ErrnoStatus(error.value(), "reading " + Dir());
  std::ranges::sort(backups, std::ranges::greater(), &v1::StoreBackup::name);
  return backups;
}

absl::StatusOr<v1::StoreBackup> Backups::Verify(const std::string& name) const {
  const bool plain = !name.empty() && name.find('/') == name.npos && !name.starts_with('.');
  if (!plain || !fs::exists(Dir() + "/" + name)) return NotFound("there is no backup \"{}\"", name);
  return VerifyBackup(Dir() + "/" + name);
}

absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string& dir) {
  ASSIGN_OR_RETURN(Contents contents, ReadContents(dir));
  std::vector<std::string> problems;
  for (const auto& [path, sum] : contents.sums) {
    const absl::StatusOr<std::string> hash = HashOf(dir + "/" + path);
    if (!hash.ok()) {
      problems.push_back(Message(hash.status()));
    } else if (*hash != sum) {
      problems.push_back(path + " is damaged");
    }
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(dir));
  for (const std::string& path : files) {
    if (!contents.sums.contains(path)) problems.push_back(path + " does not belong to it");
  }
  AddSizes(dir, contents, &contents.backup);
  if (problems.empty()) return contents.backup;
  return DataLoss("the backup {} is not whole: {}", dir, Join(problems, "; "));
}

absl::StatusOr<v1::StoreBackup> RestoreBackup(const std::string& from,
                                              const std::string& data_dir) {
  const std::string db = data_dir + "/db";
  if (fs::exists(db)) {
    return FailedPrecondition(
        "{} is there: stop the server and move it away first, so that nothing is lost", db);
  }
  ASSIGN_OR_RETURN(const v1::StoreBackup backup, VerifyBackup(from));
  const std::string part = data_dir + "/db.restoring";
  RETURN_IF_ERROR(RemoveAll(part));
  RETURN_IF_ERROR(MakeDirs(data_dir));
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesIn(from));
  for (const std::string& path : files) {
    const bool of_store = path.starts_with("db/");
    RETURN_IF_ERROR(of_store ? CopyFile(from + "/db", part, path.substr(3))
                             : CopyFile(from, data_dir, path));
  }
  // The store starts a new epoch when it finds this.
  RETURN_IF_ERROR(ReplaceFile(part + "/accept-loss", ""));
  RETURN_IF_ERROR(RenameFile(part, db));
  return backup;
}

}  // namespace reeve::apiserver
