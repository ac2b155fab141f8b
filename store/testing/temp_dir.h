// A directory that goes with the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/status.h"

namespace reeve::store {

class TempDir {
 public:
  TempDir() {
    std::string name = std::filesystem::temp_directory_path() / "reeve-store-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr, "the temporary directory is writable");
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace reeve::store
