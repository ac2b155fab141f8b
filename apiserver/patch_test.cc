// Patches through the registry: what a Kubernetes API server promises of them, and no kind of it.
#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "base/executor.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

class PatchTest : public RegistryTest {
 protected:
  PatchTest() { before_ = Create(MakeStaticSite("blog", {"a.example"}), Identity::Admin()); }

  static v1::PatchRequest Request(std::string_view document,
                                  v1::PatchRequest::Type type = v1::PatchRequest::MERGE) {
    v1::PatchRequest request;
    request.mutable_key()->set_kind("Site");
    request.mutable_key()->set_namespace_("default");
    request.mutable_key()->set_name("blog");
    request.set_type(type);
    request.set_document(std::string(document));
    request.set_field_manager("kubectl-patch");
    return request;
  }
  absl::StatusOr<v1::Object> Patch(std::string_view document,
                                   v1::PatchRequest::Type type = v1::PatchRequest::MERGE) {
    return api_->Patch(Identity::Admin(), Request(document, type));
  }

  v1::Object before_;
};

TEST_F(PatchTest, ChangesTheLiveObjectAsAnUpdate) {
  const auto patched = Patch(R"({"spec":{"replicas":3}})");
  ASSERT_OK(patched);
  EXPECT_EQ(patched->site().spec().replicas(), 3);
  EXPECT_EQ(patched->site().metadata().generation(), 2);
  EXPECT_EQ(patched->SerializeAsString(), Get("Site", "default", "blog").SerializeAsString());
  const auto& managers = patched->site().metadata().managed_fields();
  ASSERT_EQ(managers.size(), 2);
  EXPECT_EQ(managers[1].manager(), "kubectl-patch");
  EXPECT_EQ(managers[1].operation(), "Update");
  EXPECT_THAT(managers[1].fields(), ElementsAre("spec.replicas"));
}

TEST_F(PatchTest, ThatChangesNothingWritesNothing) {
  const Revision revision_before = revision();
  const auto patched = Patch(R"({"spec":{"replicas":1}})");
  ASSERT_OK(patched);
  EXPECT_EQ(patched->SerializeAsString(), before_.SerializeAsString());
  EXPECT_EQ(revision(), revision_before);
}

TEST_F(PatchTest, DryRunAnswersAndWritesNothing) {
  v1::PatchRequest request = Request(R"({"spec":{"replicas":3}})");
  request.set_dry_run(true);
  const Revision revision_before = revision();
  const auto patched = api_->Patch(Identity::Admin(), request);
  ASSERT_OK(patched);
  EXPECT_EQ(patched->site().spec().replicas(), 3);
  EXPECT_EQ(revision(), revision_before);
}

// Optimistic locking is the client's choice:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-update
TEST_F(PatchTest, AResourceVersionInTheDocumentIsAPrecondition) {
  const std::string old = before_.site().metadata().resource_version();
  EXPECT_OK(Patch(
      fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}},"spec":{{"replicas":2}}}})", old)));
  EXPECT_THAT(Patch(fmt::format(
                  R"({{"metadata":{{"resourceVersion":"{}"}},"spec":{{"replicas":3}}}})", old)),
              IsError(Code::kAborted, "the object has been modified"));
  EXPECT_EQ(Get("Site", "default", "blog").site().spec().replicas(), 2);
}

TEST_F(PatchTest, WhatIdentifiesTheObjectStays) {
  EXPECT_THAT(Patch(R"({"metadata":{"name":"other"}})"),
              IsError(Code::kInvalidArgument, "metadata.name: field is immutable"));
  EXPECT_THAT(Patch(R"({"metadata":{"namespace":"other"}})"),
              IsError(Code::kInvalidArgument, "metadata.namespace: field is immutable"));
  EXPECT_THAT(Patch(R"({"metadata":{"uid":"other"}})"),
              IsError(Code::kAborted, "UID in precondition: other"));
  EXPECT_THAT(Patch(R"([{"op":"remove","path":"/metadata/name"}])", v1::PatchRequest::JSON),
              IsError(Code::kInvalidArgument, "metadata.name: field is immutable"));
  EXPECT_EQ(revision(), std::stoll(before_.site().metadata().resource_version()));
}

TEST_F(PatchTest, TheResultIsValidatedAndAdmitted) {
  EXPECT_THAT(Patch(R"({"spec":{"replicas":101}})"),
              IsError(Code::kInvalidArgument, "spec.replicas: must be at most 100"));
  EXPECT_THAT(Patch(R"({"spec":{"type":"Process"}})"),
              IsError(Code::kInvalidArgument, "spec.type"));
  EXPECT_THAT(Patch(R"({"spec":{"replica":1}})"),
              IsError(Code::kInvalidArgument, "did you mean \"replicas\"?"));
  Create(MakeStaticSite("other", {"b.example"}), Identity::Admin());
  EXPECT_THAT(Patch(R"({"spec":{"domains":["b.example"]}})"),
              IsError(Code::kAlreadyExists, "is held by Site default/other"));
  v1::PatchRequest missing = Request("{}");
  missing.mutable_key()->set_name("none");
  EXPECT_THAT(api_->Patch(Identity::Admin(), missing),
              IsError(Code::kNotFound, "sites \"none\" not found"));
  missing.mutable_key()->set_kind("Sight");
  EXPECT_EQ(api_->Patch(Identity::Admin(), missing).status().code(), Code::kInvalidArgument);
}

TEST_F(PatchTest, TheStatusSubresourceChangesNothingElse) {
  v1::PatchRequest request = Request(R"({"spec":{"replicas":9},"status":{"readyReplicas":1}})");
  request.set_status(true);
  const auto patched = api_->Patch(Identity::Controller("test"), request);
  ASSERT_OK(patched);
  EXPECT_EQ(patched->site().spec().replicas(), 1);
  EXPECT_EQ(patched->site().status().ready_replicas(), 1);
  ASSERT_OK(Patch(R"({"status":{"readyReplicas":7}})"));
  EXPECT_EQ(Get("Site", "default", "blog").site().status().ready_replicas(), 1);
}

TEST_F(PatchTest, NeedsThePermissionToUpdate) {
  EXPECT_EQ(api_->Patch(Identity::Host("h1", "u1"), Request("{}")).status().code(),
            Code::kPermissionDenied);
  EXPECT_EQ(api_->Patch(Identity(), Request("{}")).status().code(), Code::kUnauthenticated);
}

// The patch is made again when another writer came first: nobody's change is lost.
TEST_F(PatchTest, RacingPatchesAllCount) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  std::atomic<int> failed = 0;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("patcher-{}", t), [&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string document =
              fmt::format(R"({{"metadata":{{"labels":{{"l{}-{}":"x"}}}}}})", t, i);
          absl::Status status = absl::AbortedError("");
          while (absl::IsAborted(status)) status = Patch(document).status();
          failed += status.ok() ? 0 : 1;
        }
      }));
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Get("Site", "default", "blog").site().metadata().labels().size(), kThreads * kEach);
}

TEST_F(PatchTest, WhoAmISaysNameAndGroups) {
  EXPECT_THAT(api_->WhoAmI(Identity::Admin()).groups(),
              ElementsAre("system:masters", "system:authenticated"));
  const v1::WhoAmIResponse host = api_->WhoAmI(Identity::Host("h1", "u1"));
  EXPECT_EQ(host.name(), "h1");
  EXPECT_THAT(host.groups(), ElementsAre("reeve:hosts", "system:authenticated"));
  EXPECT_EQ(api_->WhoAmI(Identity()).name(), "system:anonymous");
}

}  // namespace
}  // namespace reeve::apiserver
