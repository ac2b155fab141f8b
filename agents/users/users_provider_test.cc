#include "agents/users/users_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/testing/fake_os.h"
#include "agents/testing/provider_conformance.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents::users {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using ::testing::Not;

class UsersProviderTest : public ::testing::Test {
 protected:
  UsersProviderTest() : provider_(NewUsersProvider(HostOf(&os_))) {}

  static pb::Step Ensure(int uid) {
    pb::Step step;
    step.mutable_ensure_user()->set_name(Name(uid));
    step.mutable_ensure_user()->set_uid(uid);
    return step;
  }
  static pb::Step Remove(int uid) {
    pb::Step step;
    step.mutable_remove_user()->set_name(Name(uid));
    return step;
  }
  static std::string Name(int uid) { return "reeve-user-" + std::to_string(uid); }
  std::string Groups() { return *os_.ReadFile("/etc/group"); }

  FakeOs os_;
  std::unique_ptr<HostProvider> provider_;
};

// Files outlive the users that wrote them: a group number given out again would open them.
TEST_F(UsersProviderTest, AGroupHasTheNumberOfItsUser) {
  ASSERT_OK(RunSteps(*provider_, {Ensure(30001)}));
  EXPECT_THAT(Groups(), HasSubstr("reeve-user-30001:x:30001:\n"));
  EXPECT_THAT(*os_.ReadFile("/etc/passwd"), HasSubstr("reeve-user-30001:x:30001:30001:"));
  ASSERT_OK(RunSteps(*provider_, {Remove(30001), Ensure(30002)}));
  EXPECT_THAT(Groups(), Not(HasSubstr("30001")));
  EXPECT_THAT(Groups(), HasSubstr("reeve-user-30002:x:30002:\n"));
}

TEST_F(UsersProviderTest, AForeignGroupInTheWayIsNamed) {
  os_.WriteFile("/etc/group", "root:x:0:\nstaff:x:30001:\nreeve-user-30002:x:50:\n");
  const std::string before = os_.Dump();
  EXPECT_THAT(provider_->Prepare(Ensure(30001)),
              IsError(StatusCode::kFailedPrecondition, "group staff (gid 30001) is in the way"));
  EXPECT_THAT(provider_->Prepare(Ensure(30002)),
              IsError(StatusCode::kFailedPrecondition, "group reeve-user-30002 (gid 50)"));
  EXPECT_EQ(os_.Dump(), before);
}

// As after a crash between the two programs.
TEST_F(UsersProviderTest, AGroupWithoutItsUserIsCompletedOrTakenBack) {
  os_.WriteFile("/etc/group", "root:x:0:\nreeve-user-30001:x:30001:\n");
  const auto receipt = provider_->Prepare(Ensure(30001));
  ASSERT_OK(receipt);
  pb::StepReport report;
  ASSERT_OK(provider_->Do(Ensure(30001), *receipt, &report));
  EXPECT_THAT(*os_.ReadFile("/etc/passwd"), HasSubstr("reeve-user-30001:x:30001:30001:"));
  ASSERT_OK(provider_->Undo(Ensure(30001), *receipt));
  EXPECT_EQ(Groups(), "root:x:0:\n");
}

}  // namespace
}  // namespace reeve::agents::users
