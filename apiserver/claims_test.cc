#include "apiserver/claims.h"

#include <gmock/gmock.h>

#include <set>

#include "apiserver/keys.h"
#include "apiserver/testing/registry_fixture.h"
#include "base/executor.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

class ClaimsTest : public RegistryTest {
 protected:
  std::optional<v1::ClaimRecord> Record(const std::string& space, const std::string& value) {
    const auto version = (*store_->Read())->Get(ClaimKey(space, value));
    EXPECT_TRUE(version.ok());
    if (!version->has_value()) return std::nullopt;
    v1::ClaimRecord record;
    EXPECT_TRUE(record.ParseFromString((*version)->value));
    return record;
  }
};

TEST_F(ClaimsTest, AllConflictsAreListedWithTheirHolders) {
  Create(MakeStaticSite("blog", {"a.example", "c.example"}));
  Create(MakeStaticSite("shop", {"b.example"}));
  const Revision before = revision();
  const absl::Status status =
      TryCreate(MakeStaticSite("late", {"new.example", "A.example", "b.example"})).status();
  EXPECT_EQ(status.code(), Code::kAlreadyExists);
  EXPECT_EQ(std::string(status.message()),
            "spec.domains[1]: \"a.example\" is held by Site default/blog\n"
            "spec.domains[2]: \"b.example\" is held by Site default/shop");
  const schema::Violations violations = schema::ViolationsOf(status);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[1].field(), "spec.domains[2]");
  EXPECT_EQ(violations[1].object(), "Site default/late");
  EXPECT_EQ(revision(), before);
}

TEST_F(ClaimsTest, AChildSharesItsRootsClaim) {
  const v1::Object site = Create(MakeStaticSite("blog", {"a.example"}));
  EXPECT_EQ(TryCreate(MakeDomain("a.example", "blog")).status().code(), Code::kAlreadyExists);
  Create(OwnedBy(MakeDomain("a.example", "blog"), site));
  EXPECT_EQ(Record("hostname", "a.example")->objects_size(), 2);
  ASSERT_TRUE(TryDelete("Site", "default", "blog").ok());
  // The last object that holds it has not let go.
  EXPECT_THAT(std::string(TryCreate(MakeStaticSite("late", {"a.example"})).status().message()),
              HasSubstr("is held by Domain default/a.example"));
  ASSERT_TRUE(TryDelete("Domain", "default", "a.example").ok());
  EXPECT_FALSE(Record("hostname", "a.example").has_value());
  EXPECT_TRUE(TryCreate(MakeStaticSite("late", {"a.example"})).ok());
}

TEST_F(ClaimsTest, DroppingANameFreesIt) {
  v1::Object site = Create(MakeStaticSite("blog", {"a.example", "b.example"}));
  site.mutable_site()->mutable_spec()->mutable_domains()->RemoveLast();
  ASSERT_TRUE(TryUpdate(site).ok());
  EXPECT_TRUE(TryCreate(MakeStaticSite("shop", {"b.example"})).ok());
}

TEST_F(ClaimsTest, OneRequestMaySwapNames) {
  Create(MakeStaticSite("blog", {"a.example"}));
  Create(MakeStaticSite("shop", {"b.example"}));
  EXPECT_EQ(TryApply({MakeStaticSite("blog", {"b.example"})}).status().code(),
            Code::kAlreadyExists);
  // Apply only adds, so that two objects of one request that want the same name conflict.
  const absl::Status status =
      TryApply({MakeStaticSite("x", {"n.example"}), MakeStaticSite("y", {"n.example"})}).status();
  EXPECT_EQ(std::string(status.message()),
            "spec.domains[0]: \"n.example\" is held by Site default/x");
}

TEST_F(ClaimsTest, APortIsHeldByOneOwner) {
  Create(MakeHost("h1"));
  const v1::Object site = Create(MakePinnedSite("app", "h1", 20000));
  EXPECT_EQ(std::string(TryCreate(MakePinnedSite("late", "h1", 20000)).status().message()),
            "spec.process.port: \"h1/20000\" is held by Site default/app");
  // The Port names its holder by a field; the same Site's shares the claim, another's conflicts,
  // none claims nothing.
  v1::Object port;
  port.mutable_port()->mutable_metadata()->set_name("h1-tcp-20000");
  port.mutable_port()->mutable_spec()->set_host("h1");
  port.mutable_port()->mutable_spec()->set_number(20000);
  port.mutable_port()->mutable_spec()->set_owner_uid("somebody");
  const Identity controller = Identity::Controller("port");
  EXPECT_EQ(TryCreate(port, controller).status().code(), Code::kAlreadyExists);
  port.mutable_port()->mutable_spec()->set_owner_uid(site.site().metadata().uid());
  v1::Object made = Create(port, controller);
  ASSERT_TRUE(TryDelete("Site", "default", "app").ok());
  EXPECT_EQ(TryCreate(MakePinnedSite("late", "h1", 20000)).status().code(), Code::kAlreadyExists);
  made.mutable_port()->mutable_spec()->clear_owner_uid();
  ASSERT_TRUE(TryUpdate(made, controller).ok());
  EXPECT_TRUE(TryCreate(MakePinnedSite("late", "h1", 20000)).ok());
}

TEST_F(ClaimsTest, UserIdsAreAllocatedOnceAndStayBehind) {
  v1::Object asked = MakeProcessSite("a");
  asked.mutable_site()->mutable_spec()->mutable_process()->set_user_id(30007);
  v1::Object a = Create(asked, Identity::Admin());
  const int first = a.site().spec().process().user_id();
  EXPECT_GE(first, 30000);
  EXPECT_LE(first, 39999);
  EXPECT_NE(first, 30007);
  EXPECT_NE(Create(MakeProcessSite("b")).site().spec().process().user_id(), first);
  // A manifest that does not know it changes nothing.
  a.mutable_site()->mutable_spec()->mutable_process()->set_user_id(0);
  EXPECT_EQ(TryUpdate(a)->site().spec().process().user_id(), first);
  ASSERT_TRUE(TryDelete("Site", "default", "a").ok());
  const std::optional<v1::ClaimRecord> tombstone = Record("uid", std::to_string(first));
  ASSERT_TRUE(tombstone.has_value());
  EXPECT_EQ(tombstone->objects_size(), 0);
  EXPECT_EQ(tombstone->last().name(), "a");
}

TEST_F(ClaimsTest, OfManyAtOnceOneWins) {
  constexpr int kThreads = 4;
  constexpr int kNames = 10;
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("writer-{}", t), [&, t] {
        for (int i = 0; i < kNames; ++i) {
          const v1::Object site =
              MakeStaticSite(fmt::format("s{}-{}", t, i), {fmt::format("n{}.example", i)});
          const absl::Status status = TryCreate(site).status();
          if (status.ok()) ++won;
          if (absl::IsAlreadyExists(status)) ++lost;
        }
      }));
    }
  }
  EXPECT_EQ(won, kNames);
  EXPECT_EQ(lost, kNames * (kThreads - 1));
}

TEST_F(ClaimsTest, AllocationsAtOnceAreDistinct) {
  std::set<int> ids;
  Mutex mu;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("writer-{}", t), [&, t] {
        for (int i = 0; i < 10; ++i) {
          const absl::StatusOr<v1::Object> site =
              TryCreate(MakeProcessSite(fmt::format("s{}-{}", t, i)));
          ASSERT_TRUE(site.ok()) << site.status();
          MutexLock lock(&mu);
          ids.insert(site->site().spec().process().user_id());
        }
      }));
    }
  }
  EXPECT_EQ(ids.size(), 40u);
}

}  // namespace
}  // namespace reeve::apiserver
