#include "agents/files/files_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/fake_content.h"
#include "agents/testing/provider_conformance.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents::files {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kHome = "/srv/reeve/d";

class FilesProviderTest : public ::testing::Test {
 protected:
  FilesProviderTest() : provider_(NewFilesProvider(HostOf(&os_, &blobs_))) {}

  static pb::Step Step(const std::string& blob, const std::string& owner = "0a1b2c3d") {
    pb::Step step;
    step.mutable_unpack_release()->set_owner(owner);
    step.mutable_unpack_release()->set_dir("d");
    step.mutable_unpack_release()->set_namespace_("default");
    step.mutable_unpack_release()->set_blob(blob);
    return step;
  }

  // The error, after an undo that leaves nothing.
  absl::Status Refused(const std::string& blob) {
    const std::string before = os_.Dump();
    const auto receipt = provider_->Prepare(Step(blob));
    EXPECT_OK(receipt);
    pb::StepReport report;
    absl::Status status = provider_->Do(Step(blob), *receipt, &report);
    EXPECT_OK(provider_->Undo(Step(blob), *receipt));
    EXPECT_EQ(os_.Dump(), before);
    return status;
  }

  FakeOs os_;
  FakeContent blobs_;
  std::unique_ptr<HostProvider> provider_;
};

TEST_F(FilesProviderTest, UnpacksFilesAndDirectories) {
  const std::string blob = blobs_.Add({{"./", "", 0700, TarEntry::kDirectory},
                                       {"public/", "", 0700, TarEntry::kDirectory},
                                       {"public/index.html", "hello", 0600},
                                       {"./bin/app", std::string(300'000, 'x'), 04755}});
  ASSERT_OK(RunSteps(*provider_, {Step(blob)}));
  const std::string release = std::string(kHome) + "/releases/" + blob;
  EXPECT_EQ(*os_.ReadFile(release + "/public/index.html"), "hello");
  EXPECT_EQ(os_.tree().Find(release + "/public/index.html")->mode, 0644u);
  EXPECT_EQ(os_.tree().Find(release + "/public")->mode, 0755u);
  EXPECT_EQ(os_.tree().Find(release + "/bin/app")->mode, 0755u);
  EXPECT_EQ(os_.ReadFile(release + "/bin/app")->size(), 300'000u);
  pb::Inventory inventory;
  ASSERT_OK(provider_->Observe(&inventory));
  ASSERT_EQ(inventory.contents_size(), 1);
  EXPECT_EQ(inventory.contents(0).owner(), "0a1b2c3d");
  EXPECT_THAT(inventory.contents(0).releases(), ElementsAre(blob));
  EXPECT_EQ(inventory.contents(0).current(), "");
}

TEST_F(FilesProviderTest, RefusesWhatCouldLeave) {
  const std::vector<std::pair<TarEntry, std::string>> hostile = {
      {{"../other/index.html", "x"}, ".."},
      {{"a/../../x", "x"}, ".."},
      {{"/etc/cron.d/x", "x"}, "empty part"},
      {{"link", "/etc/passwd", 0777, TarEntry::kSymlink}, "neither a regular file nor a directory"},
      {{"hard", "index.html", 0644, TarEntry::kHardLink}, "hard link"},
      {{"dev", "", 0644, TarEntry::kDevice}, "neither a regular file nor a directory"},
      {{"a\nb", "x"}, "control byte"},
      {{"index.html", "again"}, "twice"},
      {{"index.html/x", "x"}, "twice"},
      {{std::string(300, 'n'), "x"}, "300 bytes"}};
  for (const auto& [entry, why] : hostile) {
    const std::string blob = blobs_.Add({{"index.html", "x"}, entry});
    EXPECT_THAT(Refused(blob), IsError(StatusCode::kInvalidArgument, why)) << entry.path;
  }
}

TEST_F(FilesProviderTest, RefusesWhatIsNoTarOrAnother) {
  EXPECT_THAT(Refused(blobs_.AddBytes("not a tar at all")),
              IsError(StatusCode::kInvalidArgument, "not a tar"));
  const std::string blob = blobs_.Add({{"index.html", "x"}});
  blobs_.Corrupt(blob, MakeTar({{"index.html", "y"}}));
  EXPECT_THAT(Refused(blob), IsError(StatusCode::kDataLoss, "what came is sha256-"));
  EXPECT_THAT(Refused("sha256-" + std::string(64, '0')),
              IsError(StatusCode::kNotFound, "fetching blob"));
}

TEST_F(FilesProviderTest, LeavesForeignDirectoriesAlone) {
  os_.WriteFile("/srv/reeve/d/index.html", "theirs");
  const std::string blob = blobs_.Add({{"index.html", "x"}});
  EXPECT_THAT(provider_->Prepare(Step(blob)),
              IsError(StatusCode::kFailedPrecondition, "was not made for this Work"));
  pb::Step remove;
  remove.mutable_remove_content()->set_dir("d");
  EXPECT_THAT(RunSteps(*provider_, {remove}),
              IsError(StatusCode::kFailedPrecondition, "has no mark"));
  EXPECT_EQ(*os_.ReadFile("/srv/reeve/d/index.html"), "theirs");
}

TEST_F(FilesProviderTest, LeavesAnothersContentAlone) {
  const std::string blob = blobs_.Add({{"index.html", "x"}});
  ASSERT_OK(RunSteps(*provider_, {Step(blob)}));
  EXPECT_THAT(provider_->Prepare(Step(blob, "ffffffff")),
              IsError(StatusCode::kFailedPrecondition, "this Work"));
}

TEST_F(FilesProviderTest, RefusesNamesThatAreNone) {
  const std::string blob = blobs_.Add({{"index.html", "x"}});
  pb::Step step = Step(blob);
  step.mutable_unpack_release()->set_dir("../x");
  EXPECT_THAT(provider_->Prepare(step), IsError(StatusCode::kInvalidArgument, ".."));
  EXPECT_THAT(provider_->Prepare(Step("sha256-../../x")),
              IsError(StatusCode::kInvalidArgument, "not a digest"));
}

}  // namespace
}  // namespace reeve::agents::files
