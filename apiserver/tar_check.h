// What a blob may be: a tar of regular files and directories, nothing that could leave its
// directory. The server's only door to libarchive.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

namespace reeve::apiserver {

// The number of regular files in the tar at `path`. INVALID_ARGUMENT naming the entry: links,
// devices, absolute names, "..", control characters, a name twice, parts of more than 255 bytes,
// more than kBlobFilesMax entries or kBlobBytesMax bytes; or not a plain tar at all.
absl::StatusOr<uint64_t> CheckTar(const std::string& path);

}  // namespace reeve::apiserver
