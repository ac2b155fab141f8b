#include "apiserver/maintenance.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "apiserver/content.h"
#include "apiserver/joining.h"
#include "apiserver/keys.h"
#include "apiserver/testing/registry_fixture.h"
#include "apiserver/testing/tar.h"
#include "base/limits.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MaintenanceTest : public RegistryTest {
 protected:
  MaintenanceTest() : dir_(::testing::TempDir() + "/maintenance-" + RandomBase32(8)) {
    blobs_ = *BlobStore::Open(dir_);
    content_ = std::make_unique<ContentStore>(&registry_, blobs_.get());
    maintenance_ = std::make_unique<Maintenance>(store_.get(), blobs_.get());
  }
  ~MaintenanceTest() override { std::filesystem::remove_all(dir_); }

  void Pass(absl::Duration time) {
    clock_.Advance(time);
    EXPECT_OK(maintenance_->Step(clock_.Read()));
  }
  // Its digest.
  std::string Put(const std::string& text) {
    const auto upload = content_->Begin(Identity::Admin());
    EXPECT_OK((*upload)->Append(MakeTar({{"index.html", text}})));
    const auto blob = content_->Finish(upload->get(), "default", "", "test");
    EXPECT_OK(blob);
    return blob.ok() ? blob->metadata().name() : "";
  }
  std::vector<std::string> Records(const KeyRange& range) const {
    std::vector<std::string> keys;
    EXPECT_OK((*store_->Read())->Scan(range.first, range.last, [&](const store::Version& version) {
      keys.push_back(version.key);
      return true;
    }));
    return keys;
  }

  const std::string dir_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<ContentStore> content_;
  std::unique_ptr<Maintenance> maintenance_;
  Joining joining_{{.registry = &registry_,
                    .clock = &clock_,
                    .estate = "playground",
                    .ca = *MakeCa("playground", clock_.Read().wall)}};
};

TEST_F(MaintenanceTest, BytesGoAWhileAfterTheirLastBlob) {
  const std::string kept = Put("kept");
  const std::string deleted = Put("deleted");
  ASSERT_OK(TryDelete("Blob", "default", deleted));
  Pass(absl::ZeroDuration());
  Pass(kBlobOrphanAge - absl::Seconds(1));
  EXPECT_EQ(blobs_->List()->size(), 2u);
  Pass(absl::Seconds(1));
  EXPECT_THAT(*blobs_->List(), ElementsAre(kept));
  EXPECT_EQ(blobs_->Read(deleted).status().code(), absl::StatusCode::kNotFound);
  Pass(absl::Hours(24));
  EXPECT_THAT(*blobs_->List(), ElementsAre(kept));
}

TEST_F(MaintenanceTest, BytesThatAreNamedAgainStay) {
  const std::string digest = Put("page");
  ASSERT_OK(TryDelete("Blob", "default", digest));
  Pass(absl::ZeroDuration());
  Pass(kBlobOrphanAge / 2);
  EXPECT_EQ(Put("page"), digest);
  Pass(kBlobOrphanAge);
  EXPECT_THAT(*blobs_->List(), ElementsAre(digest));
  // Its time begins anew.
  ASSERT_OK(TryDelete("Blob", "default", digest));
  Pass(absl::ZeroDuration());
  Pass(kBlobOrphanAge / 2);
  EXPECT_THAT(*blobs_->List(), ElementsAre(digest));
  Pass(kBlobOrphanAge / 2);
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

// The bytes are there and their Blob is not yet.
TEST_F(MaintenanceTest, AnUploadThatIsBeingFinishedIsSafe) {
  const std::string digest = Put("page");
  ASSERT_OK(TryDelete("Blob", "default", digest));
  Pass(absl::ZeroDuration());
  const auto upload = blobs_->Begin();
  ASSERT_OK((*upload)->Append(MakeTar({{"index.html", "page"}})));
  ASSERT_OK((*upload)->Finish(digest));
  Pass(kBlobOrphanAge);
  EXPECT_THAT(*blobs_->List(), ElementsAre(digest));
}

TEST_F(MaintenanceTest, AnUploadUnderWayIsNoBlob) {
  const auto upload = blobs_->Begin();
  const std::string tar = MakeTar({{"index.html", "page"}});
  ASSERT_OK((*upload)->Append(tar.substr(0, 100)));
  Pass(absl::ZeroDuration());
  Pass(absl::Hours(24));
  ASSERT_OK((*upload)->Append(tar.substr(100)));
  EXPECT_OK(content_->Finish(upload->get(), "default", "", "test"));
}

TEST_F(MaintenanceTest, TokensGoWhenTheyAreTooOld) {
  v1::CreateTokenRequest request;
  request.set_host("h1");
  ASSERT_OK(joining_.CreateToken(Identity::Admin(), request));
  Pass(kJoinTokenTtl / 2);
  request.set_host("h2");
  ASSERT_OK(joining_.CreateToken(Identity::Admin(), request));
  EXPECT_EQ(Records(JoinTokenRange()).size(), 2u);
  Pass(kJoinTokenTtl / 2);
  EXPECT_EQ(Records(JoinTokenRange()).size(), 1u);
  Pass(kJoinTokenTtl / 2);
  EXPECT_THAT(Records(JoinTokenRange()), IsEmpty());
}

TEST_F(MaintenanceTest, KeysGoWithTheirHost) {
  std::vector<std::string> uids;
  for (const char* host : {"h1", "h2"}) {
    v1::CreateTokenRequest request;
    request.set_host(host);
    v1::JoinRequest join;
    join.set_token(*joining_.CreateToken(Identity::Admin(), request));
    join.set_csr_pem(MakeCsr()->csr_pem);
    uids.push_back(joining_.Join(join)->host_uid());
  }
  Pass(absl::Minutes(1));
  EXPECT_EQ(Records(HostIdentityRange()).size(), 2u);
  ASSERT_OK(TryDelete("Host", "", "h1"));
  Pass(absl::Minutes(1));
  EXPECT_THAT(Records(HostIdentityRange()), ElementsAre(HostIdentityKey(uids[1])));
}

// Whoever reads as changes come never meets the floor, however often it is raised; whoever stops is
// told to list again, and finds nothing missing above it.
TEST_F(MaintenanceTest, CompactionNeverBreaksAWatcherThatKeepsUp) {
  const auto write = [this](int64_t i) {
    EXPECT_OK(store_->Commit({.writes = {{"x", std::to_string(i)}}, .durable = false}).status);
  };
  write(0);
  ASSERT_OK_AND_ASSIGN(const auto keeping_up, store_->Watch("x", "y", revision(), [] {}));
  ASSERT_OK_AND_ASSIGN(const auto stopped, store_->Watch("x", "y", revision(), [] {}));
  int64_t seen = 0;
  constexpr int64_t kWrites = 2 * kWatchLogCommitsMax;
  for (int64_t i = 1; i <= kWrites; ++i) {
    write(i);
    if (i % 1000 != 0) continue;
    Pass(absl::Seconds(1));
    for (;;) {
      ASSERT_OK_AND_ASSIGN(const auto batch, keeping_up->Next());
      if (!batch) break;
      for (const store::Change& change : batch->changes)
        ASSERT_EQ(change.version.value, std::to_string(++seen));
    }
  }
  EXPECT_EQ(seen, kWrites);
  EXPECT_GT(store_->floor(), 0);
  EXPECT_THAT(stopped->Next(), IsError(absl::StatusCode::kOutOfRange, "compacted"));
}

TEST_F(MaintenanceTest, NothingToDoWritesNothing) {
  Put("page");
  Pass(absl::Minutes(1));
  const Revision before = revision();
  for (int i = 0; i < 5; ++i) Pass(absl::Minutes(1));
  EXPECT_EQ(revision(), before);
}

}  // namespace
}  // namespace reeve::apiserver
