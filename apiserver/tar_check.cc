#include "apiserver/tar_check.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/utf8_locale.h"

namespace reeve::apiserver {
namespace {

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;

constexpr size_t kReadBlock = 64 << 10;
constexpr size_t kNameBytesMax = 1024;
constexpr size_t kPartBytesMax = 255;  // NAME_MAX of Linux.

absl::Status Bad(std::string_view name, std::string_view why) {
  return InvalidArgument("the blob's entry {:?} {}", name, why);
}

absl::Status CheckName(std::string_view name) {
  if (name.size() > kNameBytesMax) return Bad(name.substr(0, 64), "has too long a name");
  const bool control =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (name.empty() || control) return Bad(name, "has no printable name");
  if (name.front() == '/') return Bad(name, "has an absolute name");
  for (const std::string& part : Split(name, '/')) {
    if (part == "..") return Bad(name, "leaves its directory");
    if (part.size() > kPartBytesMax) return Bad(name.substr(0, 64), "has too long a name");
  }
  return absl::OkStatus();
}

// "./a/b/" and "a/b" are one.
std::string Plain(std::string_view name) {
  std::vector<std::string> parts;
  for (const std::string& part : Split(name, '/')) {
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  return Join(parts, "/");
}

// What was seen so far: true for directories, those that only their contents name included.
using Seen = std::map<std::string, bool>;

absl::Status CheckPlace(std::string_view name, bool directory, Seen* seen) {
  const std::string plain = Plain(name);
  for (size_t slash = plain.find('/'); slash != plain.npos; slash = plain.find('/', slash + 1)) {
    if (!seen->try_emplace(plain.substr(0, slash), true).first->second)
      return Bad(name, "is below a file");
  }
  const auto [it, is_new] = seen->try_emplace(plain, directory);
  return is_new || (directory && it->second) ? absl::OkStatus() : Bad(name, "is there twice");
}

absl::Status CheckEntry(archive_entry* entry, Seen* seen) {
  const char* raw = archive_entry_pathname(entry);
  const std::string name = raw == nullptr ? "" : raw;
  RETURN_IF_ERROR(CheckName(name));
  const auto type = archive_entry_filetype(entry);
  const bool link = archive_entry_hardlink(entry) != nullptr;
  if (link || (type != AE_IFREG && type != AE_IFDIR))
    return Bad(name, "is neither a regular file nor a directory");
  return CheckPlace(name, type == AE_IFDIR, seen);
}

}  // namespace

absl::StatusOr<uint64_t> CheckTar(const std::string& path) {
  const Utf8Locale utf8;
  const ArchivePtr reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kReadBlock) != ARCHIVE_OK) {
    return InvalidArgument("the blob is not a tar: {}", archive_error_string(reader.get()));
  }
  Seen seen;
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    if (result == ARCHIVE_EOF) return files;
    if (result != ARCHIVE_OK)
      return InvalidArgument("the blob is not a tar: {}", archive_error_string(reader.get()));
    RETURN_IF_ERROR(CheckEntry(entry, &seen));
    // What a sparse file says it is, it will be on the host.
    bytes += static_cast<uint64_t>(std::max<int64_t>(archive_entry_size(entry), 0));
    if (bytes > kBlobBytesMax)
      return InvalidArgument("the blob unpacks to more than {} bytes", kBlobBytesMax);
    if (++entries > kBlobFilesMax || seen.size() > kBlobFilesMax)
      return InvalidArgument("the blob has more than {} entries", kBlobFilesMax);
    if (archive_entry_filetype(entry) == AE_IFREG) ++files;
    if (archive_read_data_skip(reader.get()) != ARCHIVE_OK)
      return Bad(Plain(archive_entry_pathname(entry)), "is cut off");
  }
}

}  // namespace reeve::apiserver
