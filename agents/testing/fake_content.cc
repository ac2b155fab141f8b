#include "agents/testing/fake_content.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/sha256.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr size_t kPiece = 1000;

la_ssize_t Collect(archive*, void* context, const void* data, size_t size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void Write(archive* writer, const TarEntry& entry) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> header(archive_entry_new(),
                                                                        &archive_entry_free);
  archive_entry_set_pathname(header.get(), entry.path.c_str());
  archive_entry_set_perm(header.get(), entry.mode);
  archive_entry_set_filetype(header.get(), AE_IFREG);
  if (entry.type == TarEntry::kDirectory) archive_entry_set_filetype(header.get(), AE_IFDIR);
  if (entry.type == TarEntry::kDevice) archive_entry_set_filetype(header.get(), AE_IFCHR);
  if (entry.type == TarEntry::kHardLink)
    archive_entry_set_hardlink(header.get(), entry.content.c_str());
  if (entry.type == TarEntry::kSymlink) {
    archive_entry_set_filetype(header.get(), AE_IFLNK);
    archive_entry_set_symlink(header.get(), entry.content.c_str());
  }
  const bool data = entry.type == TarEntry::kFile;
  archive_entry_set_size(header.get(), data ? static_cast<int64_t>(entry.content.size()) : 0);
  CHECK(archive_write_header(writer, header.get()) == ARCHIVE_OK, "a header can be written");
  if (data) archive_write_data(writer, entry.content.data(), entry.content.size());
}

}  // namespace

std::string MakeTar(const std::vector<TarEntry>& entries) {
  std::string bytes;
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                           &archive_write_free);
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_open(writer.get(), &bytes, nullptr, &Collect, nullptr);
  for (const TarEntry& entry : entries) Write(writer.get(), entry);
  archive_write_close(writer.get());
  return bytes;
}

std::string DigestOf(std::string_view bytes) { return "sha256-" + Sha256Hex(bytes); }

std::string FakeContent::AddBytes(std::string bytes) {
  std::string digest = DigestOf(bytes);
  blobs_[digest] = std::move(bytes);
  return digest;
}

absl::StatusOr<v1::Blob> FakeContent::PutBlob(
    const std::string&, const std::string&, const std::string&,
    const std::function<absl::StatusOr<bool>(std::string*)>&) {
  return Unimplemented("blobs are added with Add here");
}

absl::Status FakeContent::GetBlob(const std::string&, const std::string& digest,
                                  const std::function<absl::Status(std::string_view)>& write) {
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) return NotFound("blobs \"{}\" not found", digest);
  for (size_t at = 0; at < found->second.size(); at += kPiece) {
    RETURN_IF_ERROR(write(std::string_view(found->second).substr(at, kPiece)));
  }
  return absl::OkStatus();
}

}  // namespace reeve::agents
