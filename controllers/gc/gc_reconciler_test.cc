// How the end of an owner spreads, on the fake API: expectations are those of
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/.
#include "controllers/gc/gc_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/testing/harness.h"
#include "controllers/testing/world_builder.h"
#include "proto/schema/finalizers.h"

namespace reeve::controllers {
namespace {

using testing::HasSubstr;

// Leases are what no other reconciler touches: owners and dependents as a user's own would be.
class GcTest : public ::testing::Test {
 protected:
  v1::Object Lease(const std::string& name, const std::vector<v1::Object>& owners = {},
                   bool blocks = true) {
    v1::Lease lease;
    lease.mutable_metadata()->set_name(name);
    for (const v1::Object& owner : owners) {
      v1::OwnerReference* reference = lease.mutable_metadata()->add_owner_references();
      reference->set_kind(schema::KeyOf(owner).kind);
      reference->set_name(schema::KeyOf(owner).name);
      reference->set_uid(schema::Meta(owner).uid());
      reference->set_block_owner_deletion(blocks);
    }
    return estate.api().MustCreate(schema::Wrap(lease));
  }
  void Delete(const std::string& name, v1::Propagation propagation) {
    v1::DeleteRequest request;
    request.mutable_key()->set_kind("Lease");
    request.mutable_key()->set_name(name);
    request.set_propagation(propagation);
    ASSERT_TRUE(estate.api().Delete(request).ok());
  }
  void Hold(const std::string& name, bool held) {
    estate.api().Edit<v1::Lease>("", name, [&](v1::Lease* lease) {
      if (held) client::AddFinalizer(lease->mutable_metadata(), "example.com/held");
      if (!held) client::RemoveFinalizer(lease->mutable_metadata(), "example.com/held");
    });
  }
  bool Has(const std::string& name) { return estate.Get<v1::Lease>("", name) != nullptr; }
  bool Deleting(const std::string& name) {
    const auto* lease = estate.Get<v1::Lease>("", name);
    return lease != nullptr && client::IsDeleting(lease->metadata());
  }
  void Settle() {
    estate.Pass(absl::Seconds(4));
    estate.Settle();
  }

  Estate estate;
};

// "Once the 'deletion in progress' state is set, the garbage collector deletes the object's
// dependents. Once the garbage collector has deleted all 'blocking' dependents (objects with
// ownerReference.blockOwnerDeletion=true), it deletes the owner object."
TEST_F(GcTest, ForegroundDeletionWaitsForBlockingDependents) {
  const v1::Object owner = Lease("owner");
  const v1::Object child = Lease("child", {owner});
  Lease("grandchild", {child});
  Hold("grandchild", true);
  Delete("owner", v1::FOREGROUND);
  Settle();
  EXPECT_TRUE(Deleting("owner"));
  EXPECT_TRUE(Deleting("child"));  // Foreground too: it waits for its own.
  EXPECT_TRUE(Deleting("grandchild"));
  Hold("grandchild", false);
  Settle();
  EXPECT_FALSE(Has("grandchild"));
  EXPECT_FALSE(Has("child"));
  EXPECT_FALSE(Has("owner"));
}

TEST_F(GcTest, ForegroundDeletionDoesNotWaitForOthers) {
  Lease("child", {Lease("owner")}, false);
  Hold("child", true);
  Delete("owner", v1::FOREGROUND);
  Settle();
  EXPECT_FALSE(Has("owner"));
  EXPECT_TRUE(Deleting("child"));
}

// "Kubernetes deletes the owner object immediately and the controller cleans up the dependent
// objects in the background."
TEST_F(GcTest, BackgroundDeletionFollows) {
  Lease("child", {Lease("owner")});
  Hold("child", true);
  Delete("owner", v1::BACKGROUND);
  EXPECT_FALSE(Has("owner"));
  Settle();
  EXPECT_TRUE(Deleting("child"));
}

TEST_F(GcTest, OrphansStayWithoutTheirOwner) {
  Lease("child", {Lease("owner")});
  Delete("owner", v1::ORPHAN);
  Settle();
  EXPECT_FALSE(Has("owner"));
  ASSERT_TRUE(Has("child"));
  EXPECT_FALSE(Deleting("child"));
  EXPECT_EQ(estate.Get<v1::Lease>("", "child")->metadata().owner_references_size(), 0);
}

TEST_F(GcTest, AnotherOwnerKeepsTheObject) {
  const v1::Object one = Lease("one");
  const v1::Object two = Lease("two");
  const v1::Object three = Lease("three");
  Lease("child", {one, two, three});
  Delete("one", v1::FOREGROUND);
  Delete("two", v1::BACKGROUND);
  Settle();
  EXPECT_FALSE(Has("one"));
  ASSERT_TRUE(Has("child"));
  const auto& owners = estate.Get<v1::Lease>("", "child")->metadata().owner_references();
  ASSERT_EQ(owners.size(), 1);
  EXPECT_EQ(owners[0].name(), "three");
  Delete("three", v1::BACKGROUND);
  Settle();
  EXPECT_FALSE(Has("child"));
}

// A Site takes its names down before its copies, whoever asked, and how.
TEST_F(GcTest, ASiteKeepsItsOrderInForeground) {
  estate.AddHost("h1");
  estate.api().MustCreate(schema::Wrap(StaticSite("blog", "sha256-1")));
  estate.Settle();
  ASSERT_EQ(estate.Count("Domain"), 1u);
  estate.invariant = [&] {
    if (estate.Count("Domain") == 0) return;
    const auto* instance = estate.Get<v1::Instance>("default", "blog-0");
    ASSERT_NE(instance, nullptr);
    EXPECT_FALSE(client::IsDeleting(instance->metadata()));
  };
  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_namespace_("default");
  request.mutable_key()->set_name("blog");
  request.set_propagation(v1::FOREGROUND);
  ASSERT_TRUE(estate.api().Delete(request).ok());
  Settle();
  for (const char* kind : {"Site", "Domain", "Instance", "Work"}) {
    EXPECT_EQ(estate.Count(kind), 0u) << kind;
  }
}

TEST_F(GcTest, WhatMayHaveDependentsThatAreNotKnownYetWaits) {
  WorldBuilder builder;
  v1::Lease lease;
  lease.mutable_metadata()->set_name("l");
  lease.mutable_metadata()->add_finalizers(schema::kForegroundFinalizer);
  lease.mutable_metadata()->mutable_deletion_timestamp()->set_seconds(
      absl::ToUnixSeconds(builder.now.wall));
  builder.Add(lease);
  builder.world.SetRevision("Site", 4);
  EXPECT_EQ(builder.Reconcile(kGcReconciler, {"Lease", "", "l"}), "after 2s\n");
  builder.now.wall += absl::Seconds(2);
  EXPECT_THAT(builder.Reconcile(kGcReconciler, {"Lease", "", "l"}), HasSubstr("update Lease l"));
}

}  // namespace
}  // namespace reeve::controllers
