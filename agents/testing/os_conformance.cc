#include "agents/testing/os_conformance.h"

#include "base/testing/status_matchers.h"

namespace reeve::agents {

void OsConformance::SetUp() {
  os_ = GetParam().second();
  absl::StatusOr<std::unique_ptr<Root>> root = os_->files()->Open(os_->dir());
  ASSERT_OK(root);
  root_ = *std::move(root);
}

namespace {

using absl::StatusCode;
using ::testing::ElementsAre;

TEST_P(OsConformance, WritesReadsAndLists) {
  ASSERT_OK(root_->MakeDir("sites", 0755));
  ASSERT_OK(root_->CreateFile("sites/b.conf", "server", 0640));
  ASSERT_OK(root_->Append("sites/b.conf", " {}"));
  ASSERT_OK(root_->Symlink("b.conf", "sites/a"));
  EXPECT_THAT(*root_->List("sites"), ElementsAre("a", "b.conf"));
  EXPECT_THAT(*root_->List(""), ElementsAre("sites"));
  EXPECT_EQ(*root_->Read("sites/b.conf", 100), "server {}");
  EXPECT_EQ(*root_->ReadAt("sites/b.conf", 3, 4), "ver ");
  EXPECT_EQ(*root_->ReadAt("sites/b.conf", 9, 4), "");
  EXPECT_EQ(*root_->ReadLink("sites/a"), "b.conf");
  ASSERT_OK_AND_ASSIGN(const FileInfo info, root_->Stat("sites/b.conf"));
  EXPECT_EQ(info.type, FileType::kRegular);
  EXPECT_EQ(info.mode, 0640u);
  EXPECT_EQ(info.size, 9u);
  EXPECT_EQ(info.links, 1u);
  EXPECT_EQ(root_->Stat("sites/a")->type, FileType::kSymlink);
  EXPECT_EQ(root_->Stat("")->type, FileType::kDirectory);
  EXPECT_OK(root_->Sync("sites/b.conf"));
  EXPECT_OK(root_->Sync("sites"));
  EXPECT_OK(root_->Sync(""));
  EXPECT_OK(root_->SyncAll());
}

TEST_P(OsConformance, SaysWhatIsMissing) {
  EXPECT_THAT(root_->Stat("none"), IsError(StatusCode::kNotFound, "none"));
  EXPECT_THAT(root_->Read("none", 1), IsError(StatusCode::kNotFound, "none"));
  EXPECT_THAT(root_->List("none"), IsError(StatusCode::kNotFound, "none"));
  EXPECT_THAT(root_->Remove("none"), IsError(StatusCode::kNotFound, "none"));
  EXPECT_THAT(root_->Rename("none", "x"), IsError(StatusCode::kNotFound, "none"));
  EXPECT_THAT(root_->CreateFile("none/x", "", 0644), IsError(StatusCode::kNotFound, "none"));
  EXPECT_OK(root_->RemoveTree("none"));
  EXPECT_OK(root_->RemoveTree("none/deeper"));
  EXPECT_THAT(os_->files()->Open(os_->dir() + "/none"), IsError(StatusCode::kNotFound, "none"));
}

TEST_P(OsConformance, NeverMakesOverWhatIsThere) {
  ASSERT_OK(root_->CreateFile("a", "1", 0644));
  EXPECT_THAT(root_->CreateFile("a", "2", 0644), IsError(StatusCode::kAlreadyExists, "a"));
  EXPECT_THAT(root_->MakeDir("a", 0755), IsError(StatusCode::kAlreadyExists, "a"));
  EXPECT_THAT(root_->Symlink("b", "a"), IsError(StatusCode::kAlreadyExists, "a"));
  EXPECT_EQ(*root_->Read("a", 10), "1");
}

TEST_P(OsConformance, RefusesPathsThatLeave) {
  for (const std::string path : {"..", "../x", "a/../../x", "/etc", "a//b", "a/", ".", "./a", ""}) {
    EXPECT_THAT(root_->CreateFile(path, "", 0644), IsError(StatusCode::kInvalidArgument, ""))
        << path;
    EXPECT_THAT(root_->Read(path, 1), IsError(StatusCode::kInvalidArgument, "")) << path;
    EXPECT_THAT(root_->RemoveTree(path), IsError(StatusCode::kInvalidArgument, "")) << path;
  }
  EXPECT_THAT(root_->Read(std::string_view("a\0b", 3), 1),
              IsError(StatusCode::kInvalidArgument, "NUL"));
  EXPECT_THAT(os_->files()->Open("relative"), IsError(StatusCode::kInvalidArgument, "absolute"));
}

TEST_P(OsConformance, FollowsNoLink) {
  ASSERT_OK(root_->MakeDir("real", 0755));
  ASSERT_OK(root_->CreateFile("real/f", "x", 0644));
  os_->Link(os_->dir() + "/real", os_->dir() + "/link");
  os_->Link("real/f", os_->dir() + "/file-link");
  EXPECT_THAT(root_->Read("link/f", 10), IsError(StatusCode::kFailedPrecondition, "link"));
  EXPECT_THAT(root_->CreateFile("link/g", "", 0644),
              IsError(StatusCode::kFailedPrecondition, "link"));
  EXPECT_THAT(root_->List("link"), IsError(StatusCode::kFailedPrecondition, "link"));
  EXPECT_THAT(root_->Read("file-link", 10), IsError(StatusCode::kFailedPrecondition, "file-link"));
  EXPECT_THAT(root_->Append("file-link", "y"),
              IsError(StatusCode::kFailedPrecondition, "file-link"));
  EXPECT_THAT(os_->files()->Open(os_->dir() + "/link"),
              IsError(StatusCode::kFailedPrecondition, "link"));
  EXPECT_EQ(*root_->Read("real/f", 10), "x");
}

TEST_P(OsConformance, ReplacesAtomically) {
  ASSERT_OK(ReplaceFile(*root_, "unit", "one", 0644));
  ASSERT_OK(ReplaceFile(*root_, "unit", "two", 0600));
  EXPECT_EQ(*root_->Read("unit", 10), "two");
  EXPECT_EQ(root_->Stat("unit")->mode, 0600u);
  EXPECT_THAT(*root_->List(""), ElementsAre("unit"));
}

TEST_P(OsConformance, SwitchesALink) {
  ASSERT_OK(root_->Symlink("gen-1", "current"));
  ASSERT_OK(root_->Symlink("gen-2", "current.new"));
  ASSERT_OK(root_->Rename("current.new", "current"));
  EXPECT_EQ(*root_->ReadLink("current"), "gen-2");
  EXPECT_THAT(*root_->List(""), ElementsAre("current"));
}

TEST_P(OsConformance, LeavesAFileWithTwoNamesAlone) {
  ASSERT_OK(root_->CreateFile("theirs", "secret", 0600));
  os_->HardLink(os_->dir() + "/theirs", os_->dir() + "/ours");
  EXPECT_EQ(root_->Stat("ours")->links, 2u);
  EXPECT_THAT(ReplaceFile(*root_, "ours", "new", 0644),
              IsError(StatusCode::kFailedPrecondition, "hard links"));
  EXPECT_THAT(root_->Append("ours", "new"), IsError(StatusCode::kFailedPrecondition, "hard links"));
  EXPECT_THAT(root_->Chown("ours", 1, 1), IsError(StatusCode::kFailedPrecondition, "hard links"));
  EXPECT_EQ(*root_->Read("theirs", 10), "secret");
  EXPECT_THAT(*root_->List(""), ElementsAre("ours", "theirs"));
}

TEST_P(OsConformance, RemovesOneThingOrAWholeTree) {
  ASSERT_OK(root_->MakeDir("gen", 0755));
  ASSERT_OK(root_->MakeDir("gen/deep", 0700));
  ASSERT_OK(root_->CreateFile("gen/deep/f", "", 0400));
  ASSERT_OK(root_->CreateFile("keep", "kept", 0644));
  ASSERT_OK(root_->Symlink("../keep", "gen/link"));
  EXPECT_FALSE(root_->Remove("gen").ok());
  ASSERT_OK(root_->RemoveTree("gen"));
  EXPECT_THAT(*root_->List(""), ElementsAre("keep"));
  ASSERT_OK(root_->Remove("keep"));
  EXPECT_THAT(*root_->List(""), ElementsAre());
}

TEST_P(OsConformance, TellsKindsApart) {
  ASSERT_OK(root_->MakeDir("dir", 0755));
  ASSERT_OK(root_->CreateFile("file", "", 0644));
  EXPECT_THAT(root_->Read("dir", 10), IsError(StatusCode::kFailedPrecondition, "dir"));
  EXPECT_THAT(root_->List("file"), IsError(StatusCode::kFailedPrecondition, "file"));
  EXPECT_THAT(root_->CreateFile("file/x", "", 0644),
              IsError(StatusCode::kFailedPrecondition, "file"));
  EXPECT_THAT(root_->Rename("file", "dir"), IsError(StatusCode::kFailedPrecondition, "dir"));
  EXPECT_FALSE(root_->ReadLink("file").ok());
}

TEST_P(OsConformance, BoundsWhatItReads) {
  ASSERT_OK(root_->CreateFile("big", std::string(1000, 'x'), 0644));
  EXPECT_EQ(root_->Read("big", 1000)->size(), 1000u);
  EXPECT_THAT(root_->Read("big", 999), IsError(StatusCode::kResourceExhausted, "999"));
}

TEST_P(OsConformance, OpensOrMakesARoot) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Root> made,
                       OpenOrMake(*os_->files(), os_->dir() + "/a/b", 0711));
  EXPECT_EQ(made->path(), os_->dir() + "/a/b");
  EXPECT_EQ(root_->Stat("a/b")->mode, 0711u);
  ASSERT_OK(made->CreateFile("f", "", 0644));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Root> again,
                       OpenOrMake(*os_->files(), os_->dir() + "/a/b", 0755));
  EXPECT_THAT(*again->List(""), ElementsAre("f"));
  EXPECT_EQ(root_->Stat("a/b")->mode, 0711u);
}

}  // namespace
}  // namespace reeve::agents
