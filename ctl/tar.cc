#include "ctl/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "base/sha256.h"
#include "base/status.h"

namespace reeve::ctl {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

class TarWriter final : public TarReader {
 public:
  explicit TarWriter(const Tree& tree)
      : tree_(tree), archive_(archive_write_new(), archive_write_free) {}

  absl::Status Open() {
    archive* a = archive_.get();
    // Plain ustar wherever it can say everything; names go through as bytes, whatever the locale.
    const bool ok =
        archive_write_set_format_pax_restricted(a) == ARCHIVE_OK &&
        archive_write_set_format_option(a, "pax", "hdrcharset", "BINARY") == ARCHIVE_OK &&
        archive_write_add_filter_none(a) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(a, 0) == ARCHIVE_OK &&
        archive_write_open(a, this, nullptr, OnWrite, nullptr) == ARCHIVE_OK;
    return ok ? absl::OkStatus() : Failed("starting the archive");
  }

  absl::StatusOr<bool> Read(std::string* piece) override {
    while (buffer_.size() < kPieceBytes && !finished_) RETURN_IF_ERROR(Step());
    piece->append(std::exchange(buffer_, {}));
    return !finished_;
  }

 private:
  static la_ssize_t OnWrite(archive*, void* self, const void* data, size_t size) {
    static_cast<TarWriter*>(self)->buffer_.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }

  // The next header, the next part of a file, or the end.
  absl::Status Step() {
    if (left_ > 0) return WriteSome();
    if (next_ < tree_.entries.size()) return StartEntry(tree_.entries[next_++]);
    finished_ = true;
    return archive_write_close(archive_.get()) == ARCHIVE_OK ? absl::OkStatus()
                                                             : Failed("ending the archive");
  }

  absl::Status StartEntry(const TreeEntry& entry) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> header(archive_entry_new(),
                                                                          archive_entry_free);
    archive_entry_set_pathname(header.get(), (entry.path + (entry.directory ? "/" : "")).c_str());
    archive_entry_set_filetype(header.get(), entry.directory ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(header.get(), entry.directory || entry.executable ? 0755 : 0644);
    archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.size));
    archive_entry_set_mtime(header.get(), 0, 0);
    archive_entry_set_uid(header.get(), 0);
    archive_entry_set_gid(header.get(), 0);
    if (archive_write_header(archive_.get(), header.get()) != ARCHIVE_OK) return Failed(entry.path);
    if (entry.directory) return absl::OkStatus();
    return OpenFile(entry);
  }

  absl::Status OpenFile(const TreeEntry& entry) {
    file_ = std::ifstream(entry.source, std::ios::binary);
    if (!file_) return ErrnoStatus(errno, entry.source);
    name_ = entry.source;
    left_ = entry.size;
    return absl::OkStatus();
  }

  absl::Status WriteSome() {
    std::string data(std::min<uint64_t>(left_, kPieceBytes), '\0');
    file_.read(data.data(), static_cast<std::streamsize>(data.size()));
    if (static_cast<size_t>(file_.gcount()) != data.size())
      return Aborted("{} became shorter while it was read", name_);
    left_ -= data.size();
    if (left_ == 0 && file_.peek() != std::ifstream::traits_type::eof()) {
      return Aborted("{} became longer while it was read", name_);
    }
    const la_ssize_t written = archive_write_data(archive_.get(), data.data(), data.size());
    return written == static_cast<la_ssize_t>(data.size()) ? absl::OkStatus() : Failed(name_);
  }

  absl::Status Failed(std::string_view what) {
    const char* why = archive_error_string(archive_.get());
    return Internal("{}: {}", what, why == nullptr ? "unknown error of the archive library" : why);
  }

  const Tree& tree_;
  std::string buffer_;  // Before archive_: closing it may still write.
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  size_t next_ = 0;
  std::ifstream file_;
  std::string name_;
  uint64_t left_ = 0;  // Bytes of file_ not yet written.
  bool finished_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TarReader>> NewTarReader(const Tree& tree) {
  auto writer = std::make_unique<TarWriter>(tree);
  RETURN_IF_ERROR(writer->Open());
  return writer;
}

absl::StatusOr<TarDigest> DigestOf(const Tree& tree) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TarReader> reader, NewTarReader(tree));
  Sha256 hash;
  TarDigest result;
  for (bool more = true; more;) {
    std::string piece;
    ASSIGN_OR_RETURN(more, reader->Read(&piece));
    hash.Add(piece);
    result.bytes += piece.size();
  }
  result.digest = hash.Digest();
  return result;
}

}  // namespace reeve::ctl
