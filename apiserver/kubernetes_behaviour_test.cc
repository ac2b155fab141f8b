// Where Reeve promises to do as Kubernetes does: one test for each behaviour, with what
// Kubernetes' documentation says to expect (in quotation marks: its words). Foreground deletion
// waits for dependents: controllers/gc/gc_reconciler_test.cc.
#include <gmock/gmock.h>

#include <algorithm>

#include "apiserver/testing/registry_fixture.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

class KubernetesBehaviourTest : public RegistryTest {
 protected:
  v1::ApplyResult ApplyOne(const v1::Object& object, const std::string& manager = "ctl",
                           bool force = false) {
    absl::StatusOr<v1::ApplyResponse> response = TryApply({object}, {{}}, manager, force);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->results(0) : v1::ApplyResult();
  }
  static v1::Object Scaled(v1::Object site, int replicas) {
    site.mutable_site()->mutable_spec()->set_replicas(replicas);
    return site;
  }
  // "manager operation/subresource" of whoever owns `field`.
  static std::vector<std::string> OwnersOf(const v1::Object& object, const std::string& field) {
    std::vector<std::string> owners;
    for (const v1::ManagedFieldsEntry& entry : schema::Meta(object).managed_fields()) {
      const auto& fields = entry.fields();
      if (std::find(fields.begin(), fields.end(), field) == fields.end()) continue;
      owners.push_back(entry.manager() + " " + entry.operation() +
                       (entry.subresource().empty() ? "" : "/" + entry.subresource()));
    }
    return owners;
  }
  // The types of the events that `watch` has now, with the names of their objects.
  std::vector<std::string> Drain(Subscription* watch) {
    EXPECT_TRUE(hub_->Pump().ok());
    std::vector<std::string> events;
    for (auto next = watch->Next(); next.ok() && next->has_value(); next = watch->Next()) {
      EXPECT_TRUE(last_.ParseFromString(***next));
      events.push_back(v1::WatchEvent::Type_Name(last_.type()) + " " +
                       schema::Meta(last_.object()).name());
    }
    return events;
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(const v1::WatchRequest& request) {
    return api_->Watch(Identity::Admin(), request, [] {});
  }

  v1::WatchEvent last_;
};

// "A conflict is a special status error that occurs when an Apply operation tries to change a
// field that another manager also claims to manage."
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
TEST_F(KubernetesBehaviourTest, ApplyOfAnothersFieldIsAConflict) {
  v1::Object site = MakeStaticSite("blog", {"a.example"});
  site.mutable_site()->mutable_spec()->set_replicas(1);
  ApplyOne(site, "one");
  const Revision before = revision();
  site.mutable_site()->mutable_spec()->set_replicas(2);
  const absl::Status refused = TryApply({site}, {}, "two").status();
  EXPECT_EQ(refused.code(), Code::kAborted);
  EXPECT_EQ(reeve::Message(refused),
            "Apply failed with 1 conflict: conflict with \"one\" using reeve/v1: .spec.replicas");
  ASSERT_EQ(schema::ViolationsOf(refused).size(), 1u);
  EXPECT_EQ(schema::ViolationsOf(refused)[0].field(), "spec.replicas");
  EXPECT_EQ(revision(), before);
}

// Overwrite value, become sole manager: "This forces the operation to succeed, changes the value
// of the field, and removes the field from all other managers' entries in managedFields."
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
TEST_F(KubernetesBehaviourTest, ForceTakesTheFieldsOver) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->set_replicas(1);
  ApplyOne(site, "one");
  site.mutable_site()->mutable_spec()->set_replicas(2);
  const auto forced = TryApply({site}, {}, "two", /*force=*/true);
  ASSERT_TRUE(forced.ok()) << forced.status();
  const v1::ObjectMeta& meta = forced->results(0).object().site().metadata();
  ASSERT_EQ(meta.managed_fields_size(), 2);
  EXPECT_THAT(meta.managed_fields(0).fields(), ElementsAre("spec.type"));
  EXPECT_THAT(meta.managed_fields(1).fields(), ElementsAre("spec.replicas", "spec.type"));
}

// "If you remove a field from a manifest and apply that manifest, Server-Side Apply checks if
// there are any other field managers that also own the field. If the field is not owned by any
// other field managers, it is either deleted from the live object or reset to its default value,
// if it has one."
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubernetesBehaviourTest, ADroppedFieldIsRemovedOrReset) {
  v1::Object site = Scaled(MakeStaticSite("blog", {"a.example"}), 3);
  (*Meta(&site)->mutable_labels())["team"] = "red";
  ApplyOne(site);
  const v1::Object after = ApplyOne(MakeStaticSite("blog")).object();
  EXPECT_EQ(after.site().spec().domains_size(), 0);
  EXPECT_TRUE(schema::Meta(after).labels().empty());
  EXPECT_EQ(after.site().spec().replicas(), 1);  // The default.
}

// "The manager of the applied configuration owns every field that it mentions", also one with its
// zero value: another's apply is a conflict, force takes it over, and it can be given up.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubernetesBehaviourTest, AMentionedZeroIsOwned) {
  const std::string field = "spec.process.env[E].value";
  const auto apply = [&](const char* value, const std::string& manager, bool force = false) {
    v1::Object site = MakeProcessSite("app");
    v1::EnvVar* env = site.mutable_site()->mutable_spec()->mutable_process()->add_env();
    env->set_name("E");
    std::vector<std::string> mentioned = {"spec.type", "spec.process.env[0].name",
                                          "spec.process.command"};
    if (value != nullptr) {
      env->set_value(value);
      mentioned.push_back("spec.process.env[0].value");
    }
    return TryApply({site}, {mentioned}, manager, force);
  };
  auto first = apply("", "one");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(OwnersOf(first->results(0).object(), field), ElementsAre("one Apply"));
  const Revision before = revision();
  EXPECT_TRUE(apply("", "one").ok());
  EXPECT_EQ(revision(), before);  // Again writes nothing.

  const absl::Status refused = apply("x", "two").status();
  EXPECT_EQ(refused.code(), Code::kAborted);
  EXPECT_THAT(Text(refused), HasSubstr("conflict with \"one\" using reeve/v1: ." + field));
  auto shared = apply("", "two");
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_THAT(OwnersOf(shared->results(0).object(), field), ElementsAre("one Apply", "two Apply"));

  auto forced = apply("x", "two", /*force=*/true);
  ASSERT_TRUE(forced.ok()) << forced.status();
  EXPECT_THAT(OwnersOf(forced->results(0).object(), field), ElementsAre("two Apply"));
  EXPECT_EQ(apply("", "one").status().code(), Code::kAborted);
  forced = apply("", "one", /*force=*/true);
  ASSERT_TRUE(forced.ok()) << forced.status();
  EXPECT_THAT(OwnersOf(forced->results(0).object(), field), ElementsAre("one Apply"));

  ASSERT_TRUE(apply(nullptr, "one").ok());  // Given up: whoever comes may have it.
  EXPECT_TRUE(apply("y", "three").ok());
}

// Else the next apply would switch it on again, without a word.
TEST_F(KubernetesBehaviourTest, WhatAnUpdateSwitchesOffIsItsOwn) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->mutable_placement()->set_allow_same_host(true);
  const std::vector<std::string> mentioned = {"spec.type", "spec.placement.allowSameHost"};
  ASSERT_TRUE(TryApply({site}, {mentioned}, "one").ok());
  v1::Object live = Get("Site", "default", "blog");
  live.mutable_site()->mutable_spec()->mutable_placement()->set_allow_same_host(false);
  ASSERT_OK(TryUpdate(live));
  EXPECT_EQ(TryApply({site}, {mentioned}, "one").status().code(), Code::kAborted);
  ASSERT_TRUE(TryApply({site}, {mentioned}, "one", /*force=*/true).ok());
  EXPECT_TRUE(Get("Site", "default", "blog").site().spec().placement().allow_same_host());
}

// Who owned a zero of a thing that is gone does not own it in a new one of that name.
TEST_F(KubernetesBehaviourTest, AnOwnedZeroGoesWithWhatItStandsIn) {
  v1::Object site = MakeProcessSite("app");
  site.mutable_site()->mutable_spec()->mutable_process()->add_env()->set_name("E");
  const std::vector<std::string> mentioned = {"spec.process.env[0].name",
                                              "spec.process.env[0].value"};
  ASSERT_TRUE(TryApply({site}, {mentioned}, "one").ok());
  v1::Object live = Get("Site", "default", "app");
  live.mutable_site()->mutable_spec()->mutable_process()->clear_env();
  ASSERT_OK(TryUpdate(live));
  site.mutable_site()->mutable_spec()->mutable_process()->mutable_env(0)->set_value("x");
  const auto other = TryApply({site}, {mentioned}, "two");
  EXPECT_TRUE(other.ok()) << other.status();
}

// A message with nothing but a zero in it: the field is owned, not the message.
TEST_F(KubernetesBehaviourTest, AMentionedFalseIsOwned) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->mutable_placement();
  const std::vector<std::string> mentioned = {"spec.type", "spec.placement",
                                              "spec.placement.allowSameHost"};
  ASSERT_TRUE(TryApply({site}, {mentioned}, "one").ok());
  EXPECT_THAT(OwnersOf(Get("Site", "default", "blog"), "spec.placement.allowSameHost"),
              ElementsAre("one Apply"));
  site.mutable_site()->mutable_spec()->mutable_placement()->set_allow_same_host(true);
  EXPECT_THAT(Text(TryApply({site}, {mentioned}, "two").status()),
              HasSubstr("Apply failed with 1 conflict: conflict with \"one\" using reeve/v1: "
                        ".spec.placement.allowSameHost"));
}

// Two appliers that set a field to the same value share it: a field that one of them drops stays
// while the other owns it.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubernetesBehaviourTest, SharedFieldsGoWithTheLastWhoAppliesThem) {
  v1::Object site = MakeStaticSite("blog", {"a.example"});
  ApplyOne(site, "one");
  ApplyOne(site, "two");
  const v1::Object after = ApplyOne(MakeStaticSite("blog"), "one").object();
  EXPECT_THAT(after.site().spec().domains(), ElementsAre("a.example"));
  EXPECT_EQ(ApplyOne(MakeStaticSite("blog"), "two").object().site().spec().domains_size(), 0);
}

// A list of type map is merged item by item, by its keys; different managers may own different
// items.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
TEST_F(KubernetesBehaviourTest, ItemsOfAListMapHaveTheirOwnManagers) {
  const auto with_env = [](const char* name, const char* value) {
    v1::Object site = MakeProcessSite("app");
    v1::EnvVar* env = site.mutable_site()->mutable_spec()->mutable_process()->add_env();
    env->set_name(name);
    env->set_value(value);
    return site;
  };
  ApplyOne(with_env("A", "1"), "one");
  v1::Object after = ApplyOne(with_env("B", "2"), "two").object();
  EXPECT_EQ(after.site().spec().process().env_size(), 2);
  EXPECT_EQ(TryApply({with_env("A", "3")}, {}, "two").status().code(), Code::kAborted);
  after = ApplyOne(MakeProcessSite("app"), "one").object();
  ASSERT_EQ(after.site().spec().process().env_size(), 1);
  EXPECT_EQ(after.site().spec().process().env(0).name(), "B");
}

// An apply that changes nothing writes nothing: the resourceVersion stays.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
TEST_F(KubernetesBehaviourTest, AnApplyThatChangesNothingWritesNothing) {
  const v1::Object site = MakeStaticSite("blog", {"a.example"});
  const v1::ApplyResult first = ApplyOne(site);
  EXPECT_EQ(first.action(), v1::ApplyResult::CREATED);
  const Revision before = revision();
  const v1::ApplyResult second = ApplyOne(site);
  EXPECT_EQ(second.action(), v1::ApplyResult::UNCHANGED);
  EXPECT_EQ(second.object().SerializeAsString(), first.object().SerializeAsString());
  EXPECT_EQ(revision(), before);
}

// "Whenever a field's value does change, ownership moves from its current manager to the manager
// making the change."
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubernetesBehaviourTest, AnUpdateTakesOwnership) {
  v1::Object site = Scaled(MakeStaticSite("blog"), 2);
  v1::UpdateRequest update;
  *update.mutable_object() = Scaled(ApplyOne(site, "one").object(), 5);
  update.set_field_manager("editor");
  const absl::StatusOr<v1::Object> updated = api_->Update(Identity::Admin(), update);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_THAT(OwnersOf(*updated, "spec.replicas"), ElementsAre("editor Update"));
  EXPECT_EQ(TryApply({site}, {}, "one").status().code(), Code::kAborted);
  // What it has lost it cannot remove either.
  EXPECT_EQ(ApplyOne(MakeStaticSite("blog"), "one").object().site().spec().replicas(), 5);
}

// What is written through the status subresource has an entry of its own in managedFields, with
// subresource "status".
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
TEST_F(KubernetesBehaviourTest, StatusWritersOwnStatus) {
  v1::UpdateRequest update;
  *update.mutable_object() = ApplyOne(MakeStaticSite("blog")).object();
  update.mutable_object()->mutable_site()->mutable_status()->set_ready_replicas(1);
  update.set_field_manager("site-controller");
  const auto written = api_->UpdateStatus(Identity::Controller("site-controller"), update);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(OwnersOf(*written, "status.readyReplicas"),
              ElementsAre("site-controller Update/status"));
  EXPECT_THAT(OwnersOf(*written, "spec.type"), ElementsAre("ctl Apply"));
}

// Optimistic concurrency: a write with another resourceVersion than the present one is a 409
// Conflict.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
TEST_F(KubernetesBehaviourTest, AStaleUpdateIsRefused) {
  const v1::Object made = Create(MakeStaticSite("blog"));
  v1::Object first = made;
  first.mutable_site()->mutable_spec()->set_replicas(2);
  ASSERT_TRUE(TryUpdate(first).ok());
  const absl::Status stale = TryUpdate(first).status();
  EXPECT_EQ(stale.code(), Code::kAborted);
  EXPECT_EQ(Text(stale),
            "Operation cannot be fulfilled on sites \"blog\": the object has been modified; please "
            "apply your changes to "
            "the latest version and try again");
  Meta(&first)->clear_resource_version();
  EXPECT_THAT(Text(TryUpdate(first).status()),
              HasSubstr("metadata.resourceVersion: must be specified"));
  EXPECT_EQ(TryUpdate(MakeStaticSite("none")).status(), NotFound("sites \"none\" not found"));
}

// "If the requested watch operations fail because the historical version of that resource is not
// available, clients must handle the case by recognizing the status code 410 Gone, clearing their
// local cache, performing a new get or list operation, and starting the watch from the
// resourceVersion that was returned."
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
TEST_F(KubernetesBehaviourTest, AWatchFromARevisionThatIsGoneMustListAgain) {
  Create(MakeStaticSite("a"));
  const Revision old = revision() - 1;
  Create(MakeStaticSite("b"));
  ASSERT_TRUE(hub_->Pump().ok());
  ASSERT_TRUE(store_->Compact(revision()).ok());
  v1::WatchRequest request;
  request.mutable_selector()->set_kind("Site");
  request.set_revision(old);
  EXPECT_EQ(Watch(request).status().code(), Code::kOutOfRange);  // 410 over HTTP.
  request.set_revision(revision());
  EXPECT_TRUE(Watch(request).ok());
}

// "When you tell Kubernetes to delete an object that has finalizers specified for it, the API
// marks the object for deletion by populating .metadata.deletionTimestamp, and returns a 202
// status code. The target object remains in a terminating state while the control plane takes the
// actions defined by the finalizers."
// https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
TEST_F(KubernetesBehaviourTest, FinalizersHoldADeletionBack) {
  v1::Object object = MakeStaticSite("blog");
  Meta(&object)->add_finalizers("reeve/instances");
  Create(object);
  EXPECT_FALSE(TryDelete("Site", "default", "blog")->gone());
  const Revision marked = revision();
  EXPECT_FALSE(TryDelete("Site", "default", "blog")->gone());
  EXPECT_EQ(revision(), marked);
  object = Get("Site", "default", "blog");
  EXPECT_TRUE(schema::Meta(object).has_deletion_timestamp());
  EXPECT_EQ(schema::Meta(object).generation(), 2);
  v1::Object more = object;
  Meta(&more)->add_finalizers("reeve/other");
  EXPECT_THAT(Text(TryUpdate(more).status()), HasSubstr("no new finalizers"));
  Meta(&object)->clear_finalizers();
  ASSERT_TRUE(TryUpdate(object).ok());
  EXPECT_EQ(TryDelete("Site", "default", "blog").status().code(), Code::kNotFound);
}

// An object that stops matching a watch's selector is sent as DELETED, as it last matched; one
// that begins to match, as ADDED.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
TEST_F(KubernetesBehaviourTest, LeavingASelectorIsDeletedEnteringItAdded) {
  v1::WatchRequest request;
  request.mutable_selector()->set_kind("Site");
  request.mutable_selector()->set_labels("team=red");
  const std::unique_ptr<Subscription> red = *Watch(request);
  v1::Object a = Create(MakeStaticSite("a"));
  (*Meta(&a)->mutable_labels())["team"] = "red";
  a = *TryUpdate(a);
  (*Meta(&a)->mutable_labels())["tier"] = "web";
  a = *TryUpdate(a);
  (*Meta(&a)->mutable_labels())["team"] = "blue";
  a = *TryUpdate(a);
  EXPECT_THAT(Drain(red.get()), ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  // The last one that matched, never what it became.
  EXPECT_EQ(last_.object().site().metadata().labels().at("team"), "red");
  ASSERT_TRUE(TryDelete("Site", "default", "a").ok());
  EXPECT_THAT(Drain(red.get()), ElementsAre());
}

}  // namespace
}  // namespace reeve::apiserver
