#include "ctl/tar.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/testing/status_matchers.h"

namespace reeve::ctl {
namespace {

namespace fs = std::filesystem;

class TarTest : public testing::Test {
 protected:
  TarTest() {
    std::string pattern = testing::TempDir() + "tarXXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~TarTest() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  void Link(const std::string& path, const std::string& target) {
    fs::create_symlink(target, root_ / path);
  }

  std::vector<std::string> Paths(const std::string& below = "") {
    const auto tree = ScanTree((root_ / below).string());
    EXPECT_OK(tree);
    std::vector<std::string> paths;
    for (const TreeEntry& entry : tree->entries)
      paths.push_back(entry.path + (entry.directory ? "/" : ""));
    return paths;
  }
  std::string Digest() {
    const auto tree = ScanTree(root_.string());
    EXPECT_OK(tree);
    return DigestOf(*tree)->digest;
  }

  fs::path root_;
};

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(TarTest, SortedByPathParentsFirst) {
  Write("b/z", "1");
  Write("b/a", "2");
  Write("a-b", "3");
  Write("a/c", "4");
  EXPECT_THAT(Paths(), ElementsAre("a/", "a-b", "a/c", "b/", "b/a", "b/z"));
}

// A change of this digest is a change of every digest that anybody wrote down.
TEST_F(TarTest, TheDigestIsOfContentAndNamesOnly) {
  Write("index.html", "<h1>hello</h1>\n");
  Write("css/site.css", "h1 { color: green }\n");
  const std::string digest = Digest();
  EXPECT_EQ(digest, "sha256-cf9d3c31834fa7bf2ebefe0614626bc86dbacf3151e266b8263e937db9c57239");
  chmod((root_ / "index.html").c_str(), 0600);
  fs::last_write_time(root_ / "index.html",
                      fs::file_time_type::clock::now() - std::chrono::hours(1000));
  EXPECT_EQ(Digest(), digest);
  Write("index.html", "<h1>hello!</h1>\n");
  EXPECT_NE(Digest(), digest);
}

TEST_F(TarTest, TheExecutableBitCounts) {
  Write("run", "x");
  const std::string digest = Digest();
  chmod((root_ / "run").c_str(), 0755);
  EXPECT_NE(Digest(), digest);
}

TEST_F(TarTest, NamesGoThroughAsBytes) {
  Write("käse/日本.txt", "x");
  Write(std::string(150, 'd') + "/" + std::string(150, 'f'), "y");
  const auto tree = ScanTree(root_.string());
  ASSERT_OK(tree);
  ASSERT_OK_AND_ASSIGN(const auto reader, NewTarReader(*tree));
  std::string bytes;
  for (bool more = true; more;) {
    ASSERT_OK_AND_ASSIGN(more, reader->Read(&bytes));
  }
  EXPECT_THAT(bytes, HasSubstr("käse/日本.txt"));
  EXPECT_THAT(bytes, HasSubstr(std::string(150, 'f')));
  EXPECT_EQ(bytes.size() % 512, 0u);
}

TEST_F(TarTest, LinksInsideAreFollowed) {
  Write("real/page.html", "x");
  Link("page.html", "real/page.html");
  Link("also", "real");
  EXPECT_THAT(Paths(),
              ElementsAre("also/", "also/page.html", "page.html", "real/", "real/page.html"));
}

TEST_F(TarTest, LinksOutsideLoopsAndSocketsAreLeftOut) {
  Write("in/page.html", "x");
  Write("secret", "s");
  Link("in/out", "../secret");
  Link("in/abs", "/etc/passwd");
  Link("in/loop", ".");
  Link("in/none", "nowhere");
  mkfifo((root_ / "in/pipe").c_str(), 0600);
  const auto tree = ScanTree((root_ / "in").string());
  ASSERT_OK(tree);
  EXPECT_EQ(tree->entries.size(), 1u);
  ASSERT_EQ(tree->warnings.size(), 5u);
  const std::string all = testing::PrintToString(tree->warnings);
  EXPECT_THAT(all, HasSubstr("out is left out: the link leads out of the directory"));
  EXPECT_THAT(all, HasSubstr("abs is left out: the link leads out of the directory"));
  EXPECT_THAT(all, HasSubstr("loop is left out: the link leads back"));
  EXPECT_THAT(all, HasSubstr("none is left out: the link leads nowhere"));
  EXPECT_THAT(all, HasSubstr("pipe is left out: it is neither a file nor a directory"));
}

TEST_F(TarTest, AFileThatChangesIsNoticed) {
  Write("a", "12345");
  const auto tree = ScanTree(root_.string());
  Write("a", "123");
  EXPECT_THAT(DigestOf(*tree), IsError(absl::StatusCode::kAborted, "shorter"));
  Write("a", "1234567");
  EXPECT_THAT(DigestOf(*tree), IsError(absl::StatusCode::kAborted, "longer"));
}

TEST_F(TarTest, RefusesWhatIsNoTree) {
  EXPECT_THAT(ScanTree(root_.string()),
              IsError(absl::StatusCode::kInvalidArgument, "nothing in it"));
  EXPECT_THAT(ScanTree((root_ / "none").string()),
              IsError(absl::StatusCode::kNotFound, "does not exist"));
  Write("file", "");
  EXPECT_THAT(ScanTree((root_ / "file").string()),
              IsError(absl::StatusCode::kInvalidArgument, "not a directory"));
}

}  // namespace
}  // namespace reeve::ctl
