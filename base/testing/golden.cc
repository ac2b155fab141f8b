#include "base/testing/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace reeve {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

void ExpectGolden(std::string_view path, std::string_view actual) {
  const std::string file(path);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) return WriteAll(file, actual);
  EXPECT_EQ(ReadAll(file), actual) << "golden " << file << "; UPDATE_GOLDEN=1 renews it";
}

}  // namespace reeve
