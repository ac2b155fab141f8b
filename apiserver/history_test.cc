#include "apiserver/history.h"

#include <gmock/gmock.h>

#include "apiserver/keys.h"
#include "apiserver/testing/registry_fixture.h"
#include "apiserver/timestamps.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using Code = absl::StatusCode;

class HistoryTest : public RegistryTest {
 protected:
  absl::StatusOr<v1::HistoryResponse> TryHistory(const std::string& kind, const std::string& name,
                                                 int limit = 0,
                                                 const Identity& who = Identity::Admin()) {
    v1::HistoryRequest request;
    request.mutable_key()->set_kind(kind);
    request.mutable_key()->set_name(name);
    request.set_limit(limit);
    return api_->History(who, request);
  }
  // "7 ctl +90s replicas=2", the newest first.
  std::vector<std::string> History(const std::string& name, int limit = 0) {
    std::vector<std::string> lines;
    const auto response = TryHistory("Site", name, limit);
    EXPECT_OK(response);
    if (!response.ok()) return lines;
    for (const v1::ObjectVersion& version : response->versions()) {
      lines.push_back(fmt::format("{} {} +{}s {}replicas={}", version.revision(), version.manager(),
                                  absl::ToInt64Seconds(FromTimestamp(version.time()) - start_),
                                  version.deleted() ? "deleted " : "",
                                  version.object().site().spec().replicas()));
    }
    return lines;
  }
  absl::StatusOr<v1::Object> At(Revision revision, const Identity& who = Identity::Admin()) {
    return api_->Get(who, Request(revision));
  }
  absl::StatusOr<v1::Object> AtTime(absl::Duration after_start) {
    v1::GetRequest request = Request(0);
    *request.mutable_time() = ToTimestamp(start_ + after_start);
    return api_->Get(Identity::Admin(), request);
  }
  static v1::GetRequest Request(Revision revision) {
    v1::GetRequest request;
    request.mutable_key()->set_kind("Site");
    request.mutable_key()->set_name("blog");
    request.set_revision(revision);
    return request;
  }
  static int Replicas(const absl::StatusOr<v1::Object>& object) {
    EXPECT_OK(object);
    return object.ok() ? object->site().spec().replicas() : -1;
  }
  // Writes replicas; the revision.
  Revision Scale(int replicas) {
    v1::Object site = Get("Site", "default", "blog");
    site.mutable_site()->mutable_spec()->set_replicas(replicas);
    EXPECT_OK(TryUpdate(site));
    return revision();
  }
  Revision SetReady(int replicas) {
    v1::Object site = Get("Site", "default", "blog");
    site.mutable_site()->mutable_status()->set_ready_replicas(replicas);
    EXPECT_OK(TryStatus(site));
    return revision();
  }

  // Readers see what compaction left from the next commit on.
  void Compact() {
    ASSERT_OK(store_->Compact(revision()));
    Create(MakeStaticSite("next"));
  }

  const absl::Time start_ = clock_.Read().wall;
};

TEST_F(HistoryTest, EveryVersionHasItsTimeAndItsWriter) {
  ASSERT_OK(TryApply({MakeStaticSite("blog")}));
  const Revision made = revision();
  clock_.Advance(absl::Seconds(60));
  const Revision scaled = Scale(2);
  clock_.Advance(absl::Seconds(30));
  const Revision status = SetReady(1);
  clock_.Advance(absl::Seconds(10));
  ASSERT_OK(TryDelete("Site", "default", "blog"));
  const std::string admin = Identity::Admin().name;
  EXPECT_THAT(History("blog"),
              ElementsAre(fmt::format("{} {} +100s deleted replicas=2", status + 1, admin),
                          fmt::format("{} test +90s replicas=2", status),
                          fmt::format("{} {} +60s replicas=2", scaled, admin),
                          fmt::format("{} ctl +0s replicas=1", made)));
  EXPECT_EQ(History("blog", 2).size(), 2u);
  const auto last = TryHistory("Site", "blog", 1);
  EXPECT_EQ(last->versions(0).object().site().status().ready_replicas(), 1);
}

TEST_F(HistoryTest, AnObjectIsShownAsItWas) {
  Create(MakeStaticSite("other"));
  const Revision before = revision();
  Create(MakeStaticSite("blog"));
  const Revision made = revision();
  clock_.Advance(absl::Seconds(60));
  Create(MakeStaticSite("third"));
  const Revision scaled = Scale(2);
  EXPECT_EQ(Replicas(At(made)), 1);
  EXPECT_EQ(Replicas(At(scaled - 1)), 1);
  EXPECT_EQ(Replicas(At(scaled)), 2);
  EXPECT_EQ(Replicas(AtTime(absl::Seconds(59))), 1);
  EXPECT_EQ(Replicas(AtTime(absl::Seconds(60))), 2);
  EXPECT_EQ(At(scaled)->SerializeAsString(), Get("Site", "default", "blog").SerializeAsString());
  EXPECT_EQ(At(before).status(),
            NotFound("sites \"blog\" not found at revision {}: it was created at revision {}",
                     before, made));
  EXPECT_EQ(At(scaled + 1).status(),
            OutOfRange("revision {} is ahead of the store, which is at {}", scaled + 1, scaled));
  EXPECT_EQ(AtTime(absl::Seconds(61)).status().code(), Code::kOutOfRange);
  EXPECT_EQ(AtTime(-absl::Seconds(1)).status().code(), Code::kNotFound);
}

TEST_F(HistoryTest, OneLifeEndsAndAnotherBegins) {
  Create(MakeStaticSite("blog"));
  const Revision made = revision();
  ASSERT_OK(TryDelete("Site", "default", "blog"));
  const Revision deleted = revision();
  EXPECT_EQ(At(deleted).status(),
            NotFound("sites \"blog\" not found at revision {0}: it was deleted at revision {0}",
                     deleted));
  EXPECT_EQ(At(made)->site().metadata().name(), "blog");
  const v1::Object again = Create(MakeStaticSite("blog"));
  EXPECT_EQ(History("blog").size(), 3u);
  EXPECT_NE(At(made)->site().metadata().uid(), again.site().metadata().uid());
  EXPECT_EQ(At(deleted).status().code(), Code::kNotFound);
}

TEST_F(HistoryTest, WhatRetentionTookIsOutOfRange) {
  Create(MakeStaticSite("blog"));
  std::vector<Revision> scaled;
  for (int replicas = 2; replicas <= 31; ++replicas) scaled.push_back(Scale(replicas));
  Compact();
  const auto kept = TryHistory("Site", "blog");
  ASSERT_OK(kept);
  ASSERT_LT(kept->versions_size(), 31);
  const Revision oldest = kept->versions().rbegin()->revision();
  EXPECT_OK(At(oldest));
  EXPECT_EQ(At(oldest - 1).status(),
            OutOfRange("the history of sites \"blog\" is kept from revision {} on: nothing is "
                       "known at revision {}",
                       oldest, oldest - 1));
}

TEST_F(HistoryTest, StatusDoesNotPushOutWhatPeopleWrote) {
  Create(MakeStaticSite("blog"));
  const Revision made = revision();
  Scale(2);
  for (int ready = 1; ready <= 50; ++ready) SetReady(ready);
  Compact();
  EXPECT_EQ(Replicas(At(made)), 1);
  const auto kept = TryHistory("Site", "blog");
  EXPECT_LT(kept->versions_size(), 50);
  EXPECT_EQ(kept->versions(0).object().site().status().ready_replicas(), 50);
}

TEST_F(HistoryTest, WhoMaySeeAnObjectMaySeeItsPast) {
  Create(MakeHost("h1"));
  Create(MakeHost("h2"));
  Create(MakeWork("w", "h1"));
  const Revision first = revision();
  const auto name = [](const char* text) { return std::string(text); };
  v1::HistoryRequest request;
  request.mutable_key()->set_kind("Work");
  request.mutable_key()->set_name("w");
  const Identity own = Identity::Host(name("h1"), "uid"), other = Identity::Host(name("h2"), "uid");
  EXPECT_OK(api_->History(own, request));
  EXPECT_EQ(api_->History(other, request).status(), NotFound("works \"w\" not found"));
  EXPECT_EQ(api_->History(Identity(), request).status().code(), Code::kUnauthenticated);
  v1::GetRequest get;
  *get.mutable_key() = request.key();
  get.set_revision(first);
  EXPECT_OK(api_->Get(own, get));
  EXPECT_EQ(api_->Get(other, get).status(), NotFound("works \"w\" not found"));
  EXPECT_EQ(TryHistory("Site", "blog", 0, own).status().code(), Code::kPermissionDenied);
}

TEST_F(HistoryTest, BadRequestsAreRefused) {
  Create(MakeStaticSite("blog"));
  EXPECT_EQ(TryHistory("Site", "nowhere").status(), NotFound("sites \"nowhere\" not found"));
  EXPECT_EQ(TryHistory("Lease", "h1").status(),
            FailedPrecondition("leases have no history: only their present version is kept"));
  EXPECT_EQ(TryHistory("Nothing", "x").status().code(), Code::kInvalidArgument);
  EXPECT_EQ(TryHistory("Site", "blog", -1).status().code(), Code::kInvalidArgument);
  v1::GetRequest both = Request(1);
  both.mutable_time();
  EXPECT_EQ(api_->Get(Identity::Admin(), both).status(),
            InvalidArgument("revision, time: only one of them may be given"));
  EXPECT_EQ(At(-1).status().code(), Code::kInvalidArgument);
}

TEST_F(HistoryTest, VersionsOfServersThatKeptNoTimesHaveThemFromTheirManagers) {
  const v1::Object made = Create(MakeStaticSite("blog"));
  const schema::Kind& kind = *schema::KindRegistry::Get().FindByName("Site");
  ASSERT_OK(
      store_
          ->Commit({.preconditions = {},
                    .writes = {{ObjectStoreKey(kind, "default", "old"), EncodeForStore(made)}}})
          .status);
  EXPECT_THAT(History("old"), ElementsAre(fmt::format("{} test +0s replicas=1", revision())));
}

}  // namespace
}  // namespace reeve::apiserver
