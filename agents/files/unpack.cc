#include "agents/files/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>

#include "agents/os/path.h"
#include "base/status.h"
#include "base/utf8_locale.h"

namespace reeve::agents::files {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

struct Source {
  const ReadPiece& read;
  std::string piece;
  absl::Status status;
};

la_ssize_t ReadFrom(archive* reader, void* context, const void** buffer) {
  auto* source = static_cast<Source*>(context);
  absl::StatusOr<std::string> piece = source->read();
  if (!piece.ok()) {
    source->status = piece.status();
    archive_set_error(reader, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
  source->piece = *std::move(piece);
  *buffer = source->piece.data();
  return static_cast<la_ssize_t>(source->piece.size());
}

// The entry's path without the trailing "/" of a directory and a leading "./". Empty: the directory
// itself.
absl::StatusOr<std::string> PathOf(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) return InvalidArgument("a name that cannot be read");
  std::string_view path = name;
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path == ".") return "";
  if (path.starts_with("./")) path.remove_prefix(2);
  for (const unsigned char c : path) {
    if (c < ' ' || c == 0x7f)
      return InvalidArgument("a name with the control byte 0x{:02x}", static_cast<int>(c));
  }
  RETURN_IF_ERROR(CheckRelativePath(path));
  return std::string(path);
}

class Unpacker {
 public:
  Unpacker(archive* reader, Root& root, const std::string& dir, const UnpackLimits& limits)
      : reader_(reader), root_(root), dir_(dir), limits_(limits) {}

  absl::Status Entry(archive_entry* entry) {
    ASSIGN_OR_RETURN(const std::string path, PathOf(entry));
    if (archive_entry_hardlink(entry) != nullptr) return InvalidArgument("{}: a hard link", path);
    const auto type = archive_entry_filetype(entry);
    if (type != AE_IFREG && type != AE_IFDIR) {
      return InvalidArgument("{}: neither a regular file nor a directory", path);
    }
    if (path.empty()) return absl::OkStatus();
    if (++entries_ > limits_.files_max)
      return InvalidArgument("more than {} entries", limits_.files_max);
    if (type == AE_IFDIR) return MakeDirs(path);
    RETURN_IF_ERROR(MakeDirs(SplitPath(path).first));
    return File(path, (archive_entry_perm(entry) & 0111u) != 0 ? 0755 : 0644);
  }

 private:
  absl::Status MakeDirs(std::string_view path) {
    if (path.empty()) return absl::OkStatus();
    const std::string full = JoinPath(dir_, path);
    const absl::StatusOr<FileInfo> info = root_.Stat(full);
    if (info.ok() && info->type == FileType::kDirectory) return absl::OkStatus();
    if (info.ok()) return InvalidArgument("{}: twice, as a file and as a directory", path);
    RETURN_IF_ERROR(MakeDirs(SplitPath(path).first));
    return root_.MakeDir(full, 0755);
  }

  absl::Status File(const std::string& path, uint32_t mode) {
    const std::string full = JoinPath(dir_, path);
    const absl::Status made = root_.CreateFile(full, "", mode);
    if (absl::IsAlreadyExists(made)) return InvalidArgument("{}: twice", path);
    RETURN_IF_ERROR(made);
    std::string buffer(kPieceBytes, '\0');
    for (;;) {
      const la_ssize_t n = archive_read_data(reader_, buffer.data(), buffer.size());
      if (n < 0) return InvalidArgument("{}: {}", path, archive_error_string(reader_));
      if (n == 0) return absl::OkStatus();
      bytes_ += static_cast<uint64_t>(n);
      if (bytes_ > limits_.bytes_max)
        return InvalidArgument("more than {} bytes", limits_.bytes_max);
      RETURN_IF_ERROR(
          root_.Append(full, std::string_view(buffer).substr(0, static_cast<size_t>(n))));
    }
  }

  archive* const reader_;
  Root& root_;
  const std::string& dir_;
  const UnpackLimits limits_;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
};

absl::Status ReadAll(archive* reader, Unpacker& unpacker) {
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader, &entry);
    if (code == ARCHIVE_EOF) return absl::OkStatus();
    if (code != ARCHIVE_OK) return InvalidArgument("not a tar: {}", archive_error_string(reader));
    RETURN_IF_ERROR(unpacker.Entry(entry));
  }
}

}  // namespace

absl::Status Unpack(const ReadPiece& read, Root& root, const std::string& dir,
                    const UnpackLimits& limits) {
  const Utf8Locale utf8;
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), &archive_read_free);
  CHECK(reader != nullptr, "libarchive gives a reader");
  // A plain tar and nothing else: no compression, no other format.
  archive_read_support_format_tar(reader.get());
  Source source{read, "", absl::OkStatus()};
  const int opened = archive_read_open(reader.get(), &source, nullptr, &ReadFrom, nullptr);
  Unpacker unpacker(reader.get(), root, dir, limits);
  absl::Status status = opened == ARCHIVE_OK
                            ? ReadAll(reader.get(), unpacker)
                            : InvalidArgument("not a tar: {}", archive_error_string(reader.get()));
  return source.status.ok() ? status : source.status;
}

}  // namespace reeve::agents::files
