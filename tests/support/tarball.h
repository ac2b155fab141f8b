// Content for tests: a tar in memory and its digest, as `ctl push` makes them.
#pragma once

#include <string>
#include <vector>

namespace reeve::support {

struct TarFile {
  std::string path;
  std::string content;
  bool executable = false;
};

// Regular files only, in the order given, without times and owners.
std::string MakeTar(const std::vector<TarFile>& files);

// "sha256-<hex>" of `bytes`.
std::string DigestOf(const std::string& bytes);

}  // namespace reeve::support
