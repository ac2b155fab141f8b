#include "tests/support/tarball.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/sha256.h"

namespace reeve::support {
namespace {

la_ssize_t Append(archive*, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void AddFile(archive* tar, const TarFile& file) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, file.path.c_str());
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, file.executable ? 0755 : 0644);
  archive_entry_set_size(entry, static_cast<la_int64_t>(file.content.size()));
  archive_write_header(tar, entry);
  archive_write_data(tar, file.content.data(), file.content.size());
  archive_entry_free(entry);
}

}  // namespace

std::string MakeTar(const std::vector<TarFile>& files) {
  std::string bytes;
  archive* tar = archive_write_new();
  archive_write_set_format_ustar(tar);
  archive_write_set_bytes_per_block(tar, 0);
  archive_write_open(tar, &bytes, nullptr, Append, nullptr);
  for (const TarFile& file : files) AddFile(tar, file);
  archive_write_close(tar);
  archive_write_free(tar);
  return bytes;
}

std::string DigestOf(const std::string& bytes) {
  Sha256 hash;
  hash.Add(bytes);
  return hash.Digest();
}

}  // namespace reeve::support
