// A kind that the server has no line of code about: proto/schema/testing/sample_kind.proto.
// Storage, validation, claims, lists and watches work for it.
#include <gmock/gmock.h>

#include "apiserver/registry.h"
#include "apiserver/watch_hub.h"
#include "base/status.h"
#include "base/testing/fake_clock.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/object.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::apiserver {
namespace {

using Code = absl::StatusCode;
using SampleObject = reeve::testing::Object;
using reeve::testing::BackupSpec;

class SampleKindTest : public ::testing::Test {
 protected:
  SampleKindTest()
      : registry_({.store = store_.get(),
                   .clock = &clock_,
                   .new_uid = [this] { return fmt::format("uid-{}", ++uids_); },
                   .kinds = &kinds_}) {
    EXPECT_OK(registry_.EnsureNamespaces());
    hub_ = *WatchHub::Start(
        {.store = store_.get(), .clock = &clock_, .kinds = &kinds_, .wake = [] {}});
  }

  static SampleObject Backup(const std::string& name, const std::string& site) {
    SampleObject object;
    object.mutable_backup()->mutable_metadata()->set_name(name);
    object.mutable_backup()->mutable_spec()->set_site(site);
    return object;
  }
  absl::StatusOr<SampleObject> Create(const SampleObject& object) {
    ASSIGN_OR_RETURN(const ObjectPtr made, registry_.Create(Identity::Admin(), object, {}));
    return static_cast<const SampleObject&>(*made);
  }
  std::vector<std::string> Watch(const std::string& fields) {
    v1::WatchRequest request;
    request.mutable_selector()->set_kind("Backup");
    request.mutable_selector()->set_fields(fields);
    request.set_send_initial_events(true);
    const auto subscription = *hub_->Watch(Identity::Admin(), request, [] {});
    std::vector<std::string> seen;
    for (auto event = *subscription->Next(); event.has_value(); event = *subscription->Next()) {
      v1::WatchEvent decoded;
      EXPECT_TRUE(decoded.ParseFromString(**event));
      // The bytes of the object are of whatever Object type the kinds came from.
      SampleObject object;
      EXPECT_TRUE(object.ParseFromString(decoded.object().SerializeAsString()));
      seen.push_back(decoded.has_object() ? schema::Meta(object).name() : "snapshot");
    }
    return seen;
  }

  const schema::KindRegistry kinds_{SampleObject::descriptor()};
  FakeClock clock_;
  std::unique_ptr<store::Store> store_ = store::NewMemStore("epoch-1");
  int uids_ = 0;
  Registry registry_;
  std::unique_ptr<WatchHub> hub_;
};

TEST_F(SampleKindTest, IsStoredWithDefaults) {
  const absl::StatusOr<SampleObject> made = Create(Backup("nightly", "shop"));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->backup().spec().schedule(), BackupSpec::Daily);
  EXPECT_EQ(made->backup().metadata().generation(), 1);
  const ObjectPtr got = *registry_.Get(Identity::Admin(), {"Backup", "default", "nightly"});
  EXPECT_EQ(got->SerializeAsString(), made->SerializeAsString());
}

TEST_F(SampleKindTest, IsValidated) {
  EXPECT_THAT(Create(Backup("nightly", "")),
              IsError(Code::kInvalidArgument, "spec.site: required"));
  SampleObject made = *Create(Backup("nightly", "shop"));
  made.mutable_backup()->mutable_spec()->set_site("other");
  EXPECT_THAT(registry_.Update(Identity::Admin(), made, {}),
              IsError(Code::kInvalidArgument, "spec.site"));
}

TEST_F(SampleKindTest, IsApplied) {
  const SampleObject object = Backup("nightly", "shop");
  EXPECT_EQ(registry_.Apply(Identity::Admin(), {{&object, {}}}, {})->results[0].action,
            v1::ApplyResult::CREATED);
  EXPECT_EQ(registry_.Apply(Identity::Admin(), {{&object, {}}}, {})->results[0].action,
            v1::ApplyResult::UNCHANGED);
}

TEST_F(SampleKindTest, ItsClaimsHold) {
  ASSERT_OK(Create(Backup("nightly", "shop")));
  EXPECT_THAT(
      Create(Backup("weekly", "shop")),
      IsError(Code::kAlreadyExists, "spec.site: \"shop\" is held by Backup default/nightly"));
}

TEST_F(SampleKindTest, IsListedAndWatchedByItsIndex) {
  ASSERT_OK(Create(Backup("a", "shop")));
  ASSERT_OK(Create(Backup("b", "blog")));
  EXPECT_THAT(Watch(""), ::testing::ElementsAre("a", "b", "snapshot"));
  EXPECT_THAT(Watch("spec.site=blog"), ::testing::ElementsAre("b", "snapshot"));
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Backup");
  int count = 0;
  EXPECT_OK(registry_.List(Identity::Admin(), request, [&](const ObjectPtr&) { ++count; }));
  EXPECT_EQ(count, 2);
}

TEST_F(SampleKindTest, HasAHistory) {
  SampleObject made = *Create(Backup("nightly", "shop"));
  made.mutable_backup()->mutable_spec()->set_schedule(BackupSpec::Hourly);
  ASSERT_OK(registry_.Update(Identity::Admin(), made, {}));
  ASSERT_OK_AND_ASSIGN(const std::vector<PastObject> past,
                       registry_.History(Identity::Admin(), {"Backup", "default", "nightly"}, 0));
  ASSERT_EQ(past.size(), 2u);
  const auto schedule = [&](int i) {
    return static_cast<const SampleObject&>(*past[i].object).backup().spec().schedule();
  };
  EXPECT_EQ(schedule(0), BackupSpec::Hourly);
  EXPECT_EQ(schedule(1), BackupSpec::Daily);
}

}  // namespace
}  // namespace reeve::apiserver
