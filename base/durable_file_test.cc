#include "base/durable_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve {
namespace {

using Code = absl::StatusCode;

class DurableFileTest : public testing::Test {
 protected:
  DurableFileTest() {
    std::string name = testing::TempDir() + "/durable-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr, "the temporary directory is writable");
    dir_ = name;
  }
  ~DurableFileTest() override { std::filesystem::remove_all(dir_); }

  mode_t ModeOf(const std::string& path) const {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_))
      names.push_back(entry.path().filename());
    return names;
  }

  std::string dir_;
};

TEST_F(DurableFileTest, IsReplacedWholeAndLeavesNothingBeside) {
  const std::string path = dir_ + "/file";
  EXPECT_THAT(ReadFile(path), IsError(Code::kNotFound, path));
  ASSERT_OK(ReplaceFile(path, "one"));
  EXPECT_EQ(ModeOf(path), kPrivateFile);
  const std::string big(100'000, 'x');
  ASSERT_OK(ReplaceFile(path, big, kPublicFile));
  EXPECT_EQ(ModeOf(path), kPublicFile);
  EXPECT_EQ(*ReadFile(path), big);
  EXPECT_THAT(Names(), testing::ElementsAre("file"));
}

TEST_F(DurableFileTest, WhatACrashLeftIsInNobodysWay) {
  const std::string path = dir_ + "/file";
  ASSERT_OK(ReplaceFile(path + ".new", "half of something longer", kPublicFile));
  ASSERT_OK(ReplaceFile(path, "secret"));
  EXPECT_EQ(*ReadFile(path), "secret");
  EXPECT_EQ(ModeOf(path), kPrivateFile);
  EXPECT_THAT(Names(), testing::ElementsAre("file"));
}

TEST_F(DurableFileTest, AFailedReplaceKeepsTheOld) {
  const std::string path = dir_ + "/file";
  ASSERT_OK(ReplaceFile(path, "old"));
  ASSERT_OK(MakeDirs(path + ".new"));
  EXPECT_FALSE(ReplaceFile(path, "new").ok());
  EXPECT_EQ(*ReadFile(path), "old");
}

TEST_F(DurableFileTest, RemovingTwiceIsNoError) {
  const std::string path = dir_ + "/file";
  ASSERT_OK(ReplaceFile(path, "x"));
  EXPECT_OK(RemoveFile(path));
  EXPECT_OK(RemoveFile(path));
  EXPECT_THAT(Names(), testing::IsEmpty());
}

TEST_F(DurableFileTest, DirectoriesAreTheOwnersAlone) {
  const std::string path = dir_ + "/a/b";
  ASSERT_OK(MakeDirs(path));
  EXPECT_EQ(ModeOf(path), 0700u);
  ASSERT_EQ(chmod(path.c_str(), 0750), 0);
  ASSERT_OK(MakeDirs(path));
  EXPECT_EQ(ModeOf(path), 0750u) << "what was there keeps its mode";
}

TEST_F(DurableFileTest, ADirectoryHasOneUser) {
  auto lock = DirLock::Acquire(dir_);
  ASSERT_OK(lock);
  EXPECT_THAT(DirLock::Acquire(dir_), IsError(Code::kFailedPrecondition, "in use"));
  lock->reset();
  EXPECT_OK(DirLock::Acquire(dir_));
}

}  // namespace
}  // namespace reeve
