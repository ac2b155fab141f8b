// How objects go: propagation to dependents, owner references.
#include "apiserver/deletion.h"

#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/finalizers.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

class DeletionTest : public RegistryTest {
 protected:
  absl::StatusOr<v1::DeleteResponse> Delete(const v1::Object& object, v1::Propagation propagation) {
    const ObjectKey key = schema::KeyOf(object);
    v1::DeleteRequest request;
    request.mutable_key()->set_kind(key.kind);
    request.mutable_key()->set_namespace_(key.ns);
    request.mutable_key()->set_name(key.name);
    request.set_propagation(propagation);
    return api_->Delete(Identity::Admin(), request);
  }
  std::vector<std::string> FinalizersOf(const v1::Object& object) {
    const ObjectKey key = schema::KeyOf(object);
    const v1::Object now = Get(key.kind, key.ns, key.name);
    return {schema::Meta(now).finalizers().begin(), schema::Meta(now).finalizers().end()};
  }
  v1::Object AddOwner(const v1::Object& object, const v1::Object& owner) {
    v1::Object owned = OwnedBy(object, owner);
    Meta(&owned)->mutable_owner_references(0)->set_controller(false);
    return owned;
  }
};

TEST_F(DeletionTest, ForegroundWaitsWithItsFinalizer) {
  const v1::Object site = Create(MakeStaticSite("blog"));
  const absl::StatusOr<v1::DeleteResponse> answer = Delete(site, v1::FOREGROUND);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->gone());
  EXPECT_TRUE(schema::Meta(answer->object()).has_deletion_timestamp());
  EXPECT_THAT(FinalizersOf(site), ElementsAre(schema::kForegroundFinalizer));
  const Revision before = revision();
  EXPECT_FALSE(Delete(site, v1::FOREGROUND)->gone());
  EXPECT_FALSE(Delete(site, v1::BACKGROUND)->gone());  // What was said first holds.
  EXPECT_EQ(revision(), before);
}

TEST_F(DeletionTest, ForegroundMayBeAskedForWhileItIsBeingDeleted) {
  v1::Object site = MakeStaticSite("blog");
  Meta(&site)->add_finalizers("reeve/site");
  Create(site);
  EXPECT_FALSE(Delete(site, v1::BACKGROUND)->gone());
  EXPECT_THAT(FinalizersOf(site), ElementsAre("reeve/site"));
  EXPECT_FALSE(Delete(site, v1::FOREGROUND)->gone());
  EXPECT_THAT(FinalizersOf(site), ElementsAre("reeve/site", schema::kForegroundFinalizer));
  EXPECT_EQ(schema::Meta(Get("Site", "default", "blog")).generation(), 2);  // Marked once.
}

TEST_F(DeletionTest, OrphanReplacesForeground) {
  const v1::Object lease = Create(MakeLease("l"));
  EXPECT_FALSE(Delete(lease, v1::FOREGROUND)->gone());
  EXPECT_FALSE(Delete(lease, v1::ORPHAN)->gone());
  EXPECT_THAT(FinalizersOf(lease), ElementsAre(schema::kOrphanFinalizer));
}

TEST_F(DeletionTest, WhatOnlyControllersWriteIsNeverOrphaned) {
  const v1::Object site = Create(MakeStaticSite("blog"));
  const Revision before = revision();
  const absl::Status refused = Delete(site, v1::ORPHAN).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_EQ(Text(refused),
            "propagationPolicy: sites \"blog\" cannot be deleted with Orphan: only controllers "
            "write its instances and domains, and nobody could change or delete them afterwards");
  EXPECT_EQ(revision(), before);
  EXPECT_EQ(Delete(Create(MakeHost("h1")), v1::ORPHAN).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Delete(Create(MakeNamespace("n")), v1::ORPHAN).status().code(), Code::kInvalidArgument);
}

TEST_F(DeletionTest, OwnerCyclesAreRefused) {
  const v1::Object a = Create(MakeStaticSite("a"));
  const v1::Object b = Create(AddOwner(MakeStaticSite("b"), a));
  const v1::Object c = Create(AddOwner(MakeStaticSite("c"), b));
  const Revision before = revision();
  EXPECT_THAT(
      Text(TryUpdate(AddOwner(a, c)).status()),
      HasSubstr("metadata.ownerReferences[0].uid: a cycle: Site c is itself owned by this"));
  EXPECT_THAT(Text(TryUpdate(AddOwner(a, a)).status()),
              HasSubstr("metadata.ownerReferences[0].uid: an object cannot own itself"));
  EXPECT_EQ(revision(), before);
  // One that only looks like it: the name is another object's by now.
  v1::Object other = AddOwner(a, c);
  Meta(&other)->mutable_owner_references(0)->set_uid("another");
  EXPECT_TRUE(TryUpdate(other).ok());
}

TEST_F(DeletionTest, ACycleWithinOneRequestIsRefused) {
  const v1::Object a = Create(MakeStaticSite("a"));
  const v1::Object b = Create(MakeStaticSite("b"));
  const Revision before = revision();
  EXPECT_THAT(
      Text(TryApply({AddOwner(MakeStaticSite("a"), b), AddOwner(MakeStaticSite("b"), a)}).status()),
      HasSubstr("a cycle: Site a is itself owned by this object"));
  EXPECT_EQ(revision(), before);
}

TEST_F(DeletionTest, ReferencesThatCannotBeAreRefused) {
  const v1::Object site = Create(MakeStaticSite("blog"));
  const v1::Object host = Create(MakeHost("h1"));
  v1::Object unknown = AddOwner(MakeStaticSite("a"), site);
  Meta(&unknown)->mutable_owner_references(0)->set_kind("Deployment");
  EXPECT_THAT(Text(TryCreate(unknown).status()),
              HasSubstr("metadata.ownerReferences[0].kind: the server doesn't have a resource type "
                        "\"Deployment\""));
  EXPECT_THAT(Text(TryCreate(AddOwner(MakeHost("h2"), site)).status()),
              HasSubstr("a cluster object cannot be owned by a Site, which is in a namespace"));
  EXPECT_THAT(Text(TryCreate(OwnedBy(OwnedBy(MakeStaticSite("a"), site), host)).status()),
              HasSubstr("only one reference can have controller set to true"));
}

TEST_F(DeletionTest, WhatIsBeingDeletedIsGivenNothing) {
  v1::Object owner = MakeStaticSite("owner");
  Meta(&owner)->add_finalizers("reeve/site");
  owner = Create(owner);
  const v1::Object a = Create(MakeStaticSite("a"));
  const v1::Object held = Create(AddOwner(MakeStaticSite("held"), owner));
  EXPECT_FALSE(Delete(owner, v1::BACKGROUND)->gone());
  EXPECT_EQ(TryUpdate(AddOwner(a, owner)).status(),
            FailedPrecondition("its owner, Site default/owner, is being deleted"));
  v1::Object changed = held;  // What it had before, it may go on with.
  changed.mutable_site()->mutable_spec()->set_replicas(2);
  EXPECT_TRUE(TryUpdate(changed).ok());
}

TEST_F(DeletionTest, ABlobInUseStaysAndItsUsersAreNamed) {
  const std::string digest = "sha256-" + std::string(64, 'a');
  v1::Object blob;
  blob.mutable_blob()->mutable_metadata()->set_name(digest);
  ASSERT_TRUE(registry_.Create(Identity::Controller("content"), blob, {}).ok());
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->set_blob(digest);
  Create(site);
  Create(MakeStaticSite("other"));
  const absl::Status used = TryDelete("Blob", "default", digest).status();
  EXPECT_EQ(used.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(used.message()), testing::HasSubstr("it is used by Site default/blog"));
  ASSERT_TRUE(TryDelete("Site", "default", "blog").ok());
  EXPECT_TRUE(TryDelete("Blob", "default", digest).ok());
}

TEST_F(DeletionTest, PeopleWhoDeleteVeryMuchMustSayThatTheyMeanIt) {
  const auto name = [](size_t i) { return fmt::format("s{}", i); };
  for (size_t i = 0; i <= kDeletionsPerMinuteMax; ++i) Create(MakeStaticSite(name(i)));
  for (size_t i = 0; i < kDeletionsPerMinuteMax; ++i)
    ASSERT_TRUE(TryDelete("Site", "default", name(i)).ok());
  const std::string last = name(kDeletionsPerMinuteMax);
  const absl::Status refused = TryDelete("Site", "default", last).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("reeve/mass-deletion=allowed"));
  // What is not there does not count, nor what controllers do.
  EXPECT_EQ(registry_.CheckMassDeletion(Identity::Controller("gc"), "Site", "default", 10'000),
            absl::OkStatus());
  v1::Object ns = Get("Namespace", "", "default");
  (*Meta(&ns)->mutable_annotations())["reeve/mass-deletion"] = "allowed";
  ns = *TryUpdate(ns);
  EXPECT_EQ(registry_.CheckMassDeletion(Identity::Admin(), "Site", "default", 10'000),
            absl::OkStatus());
  Meta(&ns)->clear_annotations();
  ASSERT_TRUE(TryUpdate(ns).ok());
  EXPECT_FALSE(TryDelete("Site", "default", last).ok());
  clock_.Advance(absl::Minutes(1));
  EXPECT_TRUE(TryDelete("Site", "default", last).ok());
}

}  // namespace
}  // namespace reeve::apiserver
