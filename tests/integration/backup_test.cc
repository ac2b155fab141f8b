// A backup of a server that serves, put in place of a lost store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "apiserver/backups.h"
#include "base/testing/status_matchers.h"
#include "tests/integration/estate.h"

namespace reeve::integration {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Manifest(const std::string& name) {
  return fmt::format(
      "apiVersion: reeve/v1\nkind: Site\nmetadata: {{name: {}}}\nspec: {{type: Static}}\n", name);
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() { EXPECT_OK(estate_.Start()); }

  void Apply(const std::string& name) {
    const Said said = estate_.Ctl({"apply", "-f", "-"}, Manifest(name));
    EXPECT_EQ(said.code, 0) << said.err;
  }
  // The name of a new one.
  std::string Create() {
    const Said said = estate_.Ctl({"backup", "create"});
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.out, MatchesRegex("backup/[0-9TZ-]+ created\n"));
    return said.out.substr(7, said.out.find(' ') - 7);
  }
  fs::path DirOf(const std::string& name) const { return Data() + "/backups/" + name; }
  std::string Data() const { return estate_.dir() + "/reeve"; }
  std::string Sites() { return estate_.Ctl({"get", "sites", "-o", "name"}).out; }

  Estate estate_;
};

TEST_F(BackupTest, ALostStoreComesBackAsANewEpoch) {
  fs::create_directories(estate_.dir() + "/www");
  std::ofstream(estate_.dir() + "/www/index.html") << "<h1>hi</h1>";
  ASSERT_EQ(estate_.Ctl({"push", estate_.dir() + "/www"}).code, 0);
  Apply("before");
  const int64_t revision = estate_.Revision();
  const std::string epoch = estate_.api()->Version()->epoch();
  const std::string name = Create();
  Apply("after");
  EXPECT_EQ(Sites(), "site/after\nsite/before\n");
  const Said listed = estate_.Ctl({"backup", "list", "--no-headers"});
  EXPECT_THAT(listed.out, HasSubstr(name));
  EXPECT_THAT(listed.out, HasSubstr(epoch));
  EXPECT_THAT(estate_.Ctl({"backup", "verify", name}).out, HasSubstr(" is whole: revision "));
  // Not over a store that is there.
  EXPECT_THAT(apiserver::RestoreBackup(DirOf(name), Data()),
              IsError(absl::StatusCode::kFailedPrecondition, "move it away first"));
  ASSERT_OK(estate_.server().Stop());
  fs::remove_all(Data() + "/db");
  fs::remove_all(Data() + "/blobs");
  ASSERT_OK_AND_ASSIGN(const v1::StoreBackup restored,
                       apiserver::RestoreBackup(DirOf(name), Data()));
  EXPECT_EQ(restored.revision(), revision);
  ASSERT_OK(estate_.server().Start());
  EXPECT_EQ(Sites(), "site/before\n");
  EXPECT_NE(estate_.api()->Version()->epoch(), epoch);
  EXPECT_GT(estate_.Revision(), revision + 1000);
  EXPECT_THAT(estate_.Ctl({"push", estate_.dir() + "/www"}).err, HasSubstr("already has 1 file"));
  EXPECT_THAT(estate_.Ctl({"history", "site/before"}).out, HasSubstr("created"));
  // The backup itself is as it was, and the new store can be backed up again.
  EXPECT_OK(apiserver::VerifyBackup(DirOf(name)));
  Apply("again");
  EXPECT_OK(apiserver::VerifyBackup(DirOf(Create())));
}

TEST_F(BackupTest, AHostIsToldWhichEpochsDeletionsAreMeant) {
  EXPECT_EQ(estate_.Ctl({"host", "accept-deletions", "h1"}).code, 1);
  ASSERT_EQ(estate_
                .Ctl({"apply", "-f", "-"},
                     "apiVersion: reeve/v1\nkind: Host\nmetadata: {name: h1}\nspec: {}\n")
                .code,
            0);
  const Said said = estate_.Ctl({"host", "accept-deletions", "h1"});
  ASSERT_EQ(said.code, 0) << said.err;
  const std::string epoch = estate_.api()->Version()->epoch();
  EXPECT_EQ(said.out, fmt::format("host/h1 accepts the deletions of epoch {}\n", epoch));
  ASSERT_OK_AND_ASSIGN(const v1::Object host, estate_.api()->Get({"Host", "", "h1"}));
  EXPECT_EQ(host.host().metadata().annotations().at("reeve/accept-deletions"), epoch);
}

TEST_F(BackupTest, DamageIsFoundAndNamed) {
  Apply("site");
  const std::string name = Create();
  EXPECT_THAT(estate_.Ctl({"backup", "verify", "none"}).err, HasSubstr("there is no backup"));
  EXPECT_THAT(estate_.Ctl({"backup", "verify", "../pki"}).err, HasSubstr("there is no backup"));
  fs::path table;
  for (const auto& file : fs::directory_iterator(DirOf(name) / "db" / "rocks")) {
    if (file.path().extension() == ".sst") table = file.path();
  }
  ASSERT_FALSE(table.empty());
  // A copy, so that the store's own file stays whole.
  const fs::path copy = estate_.dir() + "/copy";
  fs::copy(DirOf(name), copy, fs::copy_options::recursive);
  const fs::path damaged = copy / "db" / "rocks" / table.filename();
  std::fstream(damaged, std::ios::in | std::ios::out | std::ios::binary).seekp(20).put('\xee');
  const std::string of_table = "db/rocks/" + table.filename().string();
  EXPECT_THAT(apiserver::VerifyBackup(copy),
              IsError(absl::StatusCode::kDataLoss, of_table + " is damaged"));
  EXPECT_THAT(apiserver::RestoreBackup(copy, estate_.dir() + "/new"),
              IsError(absl::StatusCode::kDataLoss, of_table));
  EXPECT_FALSE(fs::exists(estate_.dir() + "/new/db"));
  fs::remove(damaged);
  EXPECT_THAT(apiserver::VerifyBackup(copy), IsError(absl::StatusCode::kDataLoss, of_table));
  fs::remove(copy / "SHA256SUMS");
  EXPECT_THAT(apiserver::VerifyBackup(copy), IsError(absl::StatusCode::kNotFound, "is no backup"));
  std::ofstream(DirOf(name) / "db" / "stray") << "x";
  EXPECT_THAT(estate_.Ctl({"backup", "verify", name}).err,
              HasSubstr("db/stray does not belong to it"));
}

}  // namespace
}  // namespace reeve::integration
