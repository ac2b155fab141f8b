#include "apiserver/testing/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/utf8_locale.h"

namespace reeve::apiserver {
namespace {

using Type = TarEntry::Type;

void SetType(const TarEntry& from, archive_entry* entry) {
  archive_entry_set_filetype(entry, AE_IFREG);
  if (from.type == Type::kDirectory) archive_entry_set_filetype(entry, AE_IFDIR);
  if (from.type == Type::kFifo) archive_entry_set_filetype(entry, AE_IFIFO);
  if (from.type == Type::kHardlink) archive_entry_set_hardlink(entry, from.content.c_str());
  if (from.type != Type::kSymlink) return;
  archive_entry_set_filetype(entry, AE_IFLNK);
  archive_entry_set_symlink(entry, from.content.c_str());
}

}  // namespace

std::string MakeTar(const std::vector<TarEntry>& entries) {
  size_t room = 1 << 20;
  for (const TarEntry& entry : entries) room += entry.content.size();
  std::string buffer(room, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  const Utf8Locale utf8;
  archive_write_set_format_pax_restricted(writer);  // ustar, where that is enough.
  archive_write_open_memory(writer, buffer.data(), buffer.size(), &used);
  for (const TarEntry& from : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, from.name.c_str());
    archive_entry_set_perm(entry, 0644);
    SetType(from, entry);
    const bool file = from.type == Type::kFile;
    archive_entry_set_size(entry, file ? static_cast<int64_t>(from.content.size()) : 0);
    archive_write_header(writer, entry);
    if (file) archive_write_data(writer, from.content.data(), from.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  buffer.resize(used);
  return buffer;
}

}  // namespace reeve::apiserver
