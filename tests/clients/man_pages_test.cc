// ctl's manual pages, read by the programs that format them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ctl/man.h"
#include "tests/support/child_process.h"

namespace reeve::clients {
namespace {

constexpr std::string_view kMandoc = "/usr/bin/mandoc", kGroff = "/usr/bin/groff";

// The pages as files, and what a formatter says of all of them.
class ManPagesTest : public ::testing::Test {
 protected:
  ManPagesTest() {
    for (const ctl::ManPage& page : ctl::ManPages()) {
      paths_.push_back(dir_.path() + "/" + page.name);
      std::ofstream(paths_.back()) << page.text;
    }
  }

  std::string Say(std::vector<std::string> argv) {
    if (!std::filesystem::exists(argv[0])) return "";
    argv.insert(argv.end(), paths_.begin(), paths_.end());
    const auto said = support::RunToEnd(argv, dir_.path() + "/said");
    return said.ok() ? *said : said.status().ToString();
  }

  support::TempDir dir_;
  std::vector<std::string> paths_;
};

TEST_F(ManPagesTest, EveryCommandHasOne) {
  EXPECT_EQ(paths_.size(), ctl::Commands().size() + 1);
  EXPECT_TRUE(std::filesystem::exists(dir_.path() + "/ctl-config-use-context.1"));
}

TEST_F(ManPagesTest, FormattersHaveNothingToSay) {
  if (!std::filesystem::exists(kMandoc) && !std::filesystem::exists(kGroff))
    GTEST_SKIP() << "there is neither mandoc nor groff here";
  EXPECT_EQ(Say({std::string(kMandoc), "-Tlint", "-Werror"}), "");
  EXPECT_EQ(Say({std::string(kGroff), "-man", "-ww", "-z", "-Tutf8"}), "");
}

TEST_F(ManPagesTest, NothingInThemIsARequest) {
  for (const ctl::ManPage& page : ctl::ManPages()) {
    const size_t at = page.text.find("\n.");
    EXPECT_NE(at, std::string::npos) << page.name;
    EXPECT_EQ(page.text.find("\n'"), std::string::npos) << page.name;
  }
}

}  // namespace
}  // namespace reeve::clients
