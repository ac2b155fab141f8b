// Tars for tests, in memory.
#pragma once

#include <string>
#include <vector>

namespace reeve::apiserver {

struct TarEntry {
  enum class Type { kFile, kDirectory, kSymlink, kHardlink, kFifo };
  std::string name;
  std::string content;  // Of a file; the target of a link.
  Type type = Type::kFile;
};
std::string MakeTar(const std::vector<TarEntry>& entries);

}  // namespace reeve::apiserver
