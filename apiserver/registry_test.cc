#include "apiserver/registry.h"

#include <gmock/gmock.h>

#include "apiserver/keys.h"
#include "apiserver/object_io.h"
#include "apiserver/testing/registry_fixture.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/phases.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

TEST_F(RegistryTest, CreateFillsInWhatTheServerOwns) {
  v1::Object sent = MakeStaticSite("blog", {"A.Example."});
  Meta(&sent)->set_uid("mine");
  Meta(&sent)->set_generation(7);
  sent.mutable_site()->mutable_status()->set_ready_replicas(3);
  const v1::Object made = Create(sent, Identity::Admin());
  EXPECT_EQ(made.site().metadata().uid().size(), 36u);
  EXPECT_EQ(made.site().metadata().generation(), 1);
  EXPECT_EQ(made.site().metadata().creation_timestamp().seconds(), 1767225600);
  EXPECT_EQ(made.site().metadata().resource_version(), std::to_string(revision()));
  EXPECT_EQ(made.site().spec().replicas(), 1);
  EXPECT_EQ(made.site().spec().domains(0), "a.example");
  EXPECT_EQ(made.site().status().phase(), v1::SiteStatus::Created);
  EXPECT_EQ(made.site().status().ready_replicas(), 0);
  EXPECT_EQ(Get("Site", "default", "blog").SerializeAsString(), made.SerializeAsString());
}

TEST_F(RegistryTest, RefusesWithEveryViolationAndWritesNothing) {
  v1::Object bad = MakeStaticSite("Blog", {"a_b.example", "localhost"});
  bad.mutable_site()->mutable_spec()->set_replicas(-1);
  bad.mutable_site()->mutable_spec()->mutable_process()->add_command("node");
  const Revision before = revision();
  const absl::Status status = TryCreate(bad).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  for (const char* field :
       {"metadata.name", "spec.domains[0]", "spec.domains[1]", "spec.replicas", "spec.process"}) {
    EXPECT_THAT(Text(status), HasSubstr(field));
  }
  EXPECT_EQ(schema::ViolationsOf(status).size(), 5u) << status;
  EXPECT_EQ(revision(), before);
}

TEST_F(RegistryTest, TheNameAndTheNamespaceMustBeRight) {
  Create(MakeStaticSite("blog"));
  const absl::Status again = TryCreate(MakeStaticSite("blog")).status();
  EXPECT_EQ(again, AlreadyExists("sites \"blog\" already exists"));
  v1::Object lost = MakeStaticSite("blog");
  Meta(&lost)->set_namespace_("nowhere");
  EXPECT_EQ(TryCreate(lost).status(), NotFound("namespaces \"nowhere\" not found"));
  EXPECT_EQ(TryCreate(v1::Object()).status().code(), Code::kInvalidArgument);
}

TEST_F(RegistryTest, DryRunDoesAllButWrite) {
  const Revision before = revision();
  v1::CreateRequest request;
  *request.mutable_object() = MakeStaticSite("blog", {"a.example"});
  request.set_dry_run(true);
  absl::StatusOr<v1::Object> made = api_->Create(Identity::Admin(), request);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->site().status().phase(), v1::SiteStatus::Created);
  EXPECT_EQ(revision(), before);
  request.mutable_object()->mutable_site()->mutable_spec()->set_replicas(-1);
  EXPECT_EQ(api_->Create(Identity::Admin(), request).status().code(), Code::kInvalidArgument);
}

TEST_F(RegistryTest, GenerationGrowsWithTheSpecOnly) {
  v1::Object object = Create(MakeStaticSite("blog"));
  (*Meta(&object)->mutable_labels())["team"] = "a";
  object = *TryUpdate(object);
  EXPECT_EQ(object.site().metadata().generation(), 1);
  object.mutable_site()->mutable_spec()->set_replicas(2);
  object = *TryUpdate(object);
  EXPECT_EQ(object.site().metadata().generation(), 2);
  object.mutable_site()->mutable_status()->set_ready_replicas(2);
  object = *TryStatus(object);
  EXPECT_EQ(object.site().metadata().generation(), 2);
}

TEST_F(RegistryTest, WritingWhatIsThereWritesNothing) {
  const v1::Object made = Create(MakeStaticSite("blog", {"a.example"}));
  const Revision before = revision();
  EXPECT_EQ(TryUpdate(made)->SerializeAsString(), made.SerializeAsString());
  EXPECT_EQ(TryStatus(made)->SerializeAsString(), made.SerializeAsString());
  EXPECT_EQ(revision(), before);
}

// As in Kubernetes: who sends a version to create means something else.
TEST_F(RegistryTest, ANewObjectHasNoVersion) {
  v1::Object site = MakeStaticSite("blog");
  Meta(&site)->set_resource_version("5");
  const absl::Status refused = TryCreate(site).status();
  EXPECT_EQ(refused.code(), Code::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("resourceVersion should not be set on objects to be created"));
}

TEST_F(RegistryTest, SpecAndStatusAreWrittenApart) {
  v1::Object object = Create(MakeStaticSite("blog"));
  v1::Object both = object;
  both.mutable_site()->mutable_spec()->set_replicas(5);
  both.mutable_site()->mutable_status()->set_ready_replicas(5);
  object = *TryStatus(both);
  EXPECT_EQ(object.site().spec().replicas(), 1);
  EXPECT_EQ(object.site().status().ready_replicas(), 5);
  Meta(&both)->set_resource_version(schema::Meta(object).resource_version());
  both.mutable_site()->mutable_status()->set_ready_replicas(0);
  object = *TryUpdate(both);
  EXPECT_EQ(object.site().spec().replicas(), 5);
  EXPECT_EQ(object.site().status().ready_replicas(), 5);
}

TEST_F(RegistryTest, ImmutableFieldsStay) {
  v1::Object object = Create(MakeStaticSite("blog"));
  object.mutable_site()->mutable_spec()->set_type(v1::SiteSpec::Process);
  object.mutable_site()->mutable_spec()->mutable_process()->add_command("node");
  const absl::Status status = TryUpdate(object).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(Text(status), HasSubstr("spec.type"));
}

TEST_F(RegistryTest, ManagedFieldsSayWhoSetWhat) {
  v1::CreateRequest create;
  *create.mutable_object() = MakeStaticSite("blog", {"a.example"});
  create.set_field_manager("ctl");
  v1::Object object = *api_->Create(Identity::Admin(), create);
  ASSERT_EQ(object.site().metadata().managed_fields_size(), 1);
  const v1::ManagedFieldsEntry entry = object.site().metadata().managed_fields(0);
  EXPECT_EQ(entry.manager(), "ctl");
  EXPECT_EQ(entry.operation(), "Update");
  EXPECT_THAT(std::vector<std::string>(entry.fields().begin(), entry.fields().end()),
              ::testing::ElementsAre("spec.domains[\"a.example\"]", "spec.type"));
  v1::UpdateRequest update;
  object.mutable_site()->mutable_spec()->set_replicas(3);
  *update.mutable_object() = object;
  update.set_field_manager("other");
  object = *api_->Update(Identity::Admin(), update);
  ASSERT_EQ(object.site().metadata().managed_fields_size(), 2);
  EXPECT_EQ(object.site().metadata().managed_fields(1).manager(), "other");
  EXPECT_EQ(object.site().metadata().managed_fields(1).fields(0), "spec.replicas");
}

// Phases.

class PhaseTest : public RegistryTest {
 protected:
  // Puts the object at `phase` behind the registry's back.
  v1::Object ObjectAt(v1::Object object, const std::string& phase) {
    schema::SetPhase(&object, phase);
    const schema::Kind& kind = *schema::KindOf(object);
    const ObjectKey key = schema::KeyOf(object);
    store::Txn txn;
    txn.writes.push_back({ObjectStoreKey(kind, key.ns, key.name), EncodeForStore(object)});
    const store::CommitResult result = store_->Commit(std::move(txn));
    EXPECT_TRUE(result.status.ok());
    SetResourceVersion(&object, result.revision);
    return object;
  }

  void CheckAllPairs(const v1::Object& object, std::string_view lifecycle_name, int* pairs);
};

std::vector<std::string> PhasesOf(const v1::Object& object) {
  const auto* status =
      schema::Inner(object).GetDescriptor()->FindFieldByName("status")->message_type();
  const auto* type = status->FindFieldByName("phase")->enum_type();
  std::vector<std::string> names;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() != 0) names.push_back(type->value(i)->name());
  }
  return names;
}

void PhaseTest::CheckAllPairs(const v1::Object& object, std::string_view lifecycle_name,
                              int* pairs) {
  const schema::Lifecycle& lifecycle = *schema::FindLifecycle(lifecycle_name);
  for (const std::string& from : PhasesOf(object)) {
    for (const std::string& to : PhasesOf(object)) {
      ++*pairs;
      const v1::Object at = ObjectAt(object, from);
      const Revision before = revision();
      v1::Object moved = at;
      schema::SetPhase(&moved, to);
      const absl::Status status = TryStatus(moved).status();
      const bool legal = from == to || schema::TransitionAllowed(lifecycle, from, to);
      EXPECT_EQ(status.ok(), legal) << from << " -> " << to << ": " << status;
      EXPECT_EQ(revision(), legal && from != to ? before + 1 : before) << from << " -> " << to;
      if (legal) continue;
      EXPECT_EQ(status.code(), Code::kFailedPrecondition);
      EXPECT_THAT(Text(status), HasSubstr(fmt::format("cannot go from {} to {}", from, to)));
    }
  }
}

TEST_F(PhaseTest, All121PairsOfSite) {
  int pairs = 0;
  CheckAllPairs(Create(MakeStaticSite("blog")), "Site", &pairs);
  EXPECT_EQ(pairs, 121);
}

TEST_F(PhaseTest, AllPairsOfDomain) {
  int pairs = 0;
  CheckAllPairs(Create(MakeDomain("a.example", "blog")), "Domain", &pairs);
  EXPECT_EQ(pairs, 25);
}

TEST_F(PhaseTest, APhaseCannotBeTakenAway) {
  v1::Object object = ObjectAt(Create(MakeStaticSite("blog")), "Active");
  object.mutable_site()->clear_status();
  EXPECT_EQ(TryStatus(object).status().code(), Code::kFailedPrecondition);
}

// Deletion.

TEST_F(RegistryTest, DeleteWithoutFinalizersRemoves) {
  Create(MakeStaticSite("blog"));
  absl::StatusOr<v1::DeleteResponse> response = TryDelete("Site", "default", "blog");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->gone());
  EXPECT_EQ(response->object().site().metadata().name(), "blog");
  EXPECT_EQ(TryDelete("Site", "default", "blog").status(), NotFound("sites \"blog\" not found"));
}

TEST_F(RegistryTest, DeleteOnlyTheOneThatWasMeant) {
  const v1::Object object = Create(MakeStaticSite("blog"));
  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Site");
  request.mutable_key()->set_name("blog");
  request.set_uid("another");
  EXPECT_EQ(api_->Delete(Identity::Admin(), request).status().code(), Code::kAborted);
  request.set_uid(schema::Meta(object).uid());
  request.set_resource_version("1");
  EXPECT_EQ(api_->Delete(Identity::Admin(), request).status().code(), Code::kAborted);
  request.set_resource_version(schema::Meta(object).resource_version());
  request.set_dry_run(true);
  EXPECT_TRUE(api_->Delete(Identity::Admin(), request)->gone());
  request.set_dry_run(false);
  EXPECT_TRUE(api_->Delete(Identity::Admin(), request).ok());
}

// Lists.

v1::ListRequest Sites(int limit = 0) {
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Site");
  request.set_limit(limit);
  return request;
}

TEST_F(RegistryTest, ListIsCompleteAndSaysSo) {
  Create(MakeStaticSite("b"));
  Create(MakeStaticSite("a"));
  v1::ListSummary summary;
  const std::vector<v1::Object> items = *TryList(Sites(), &summary);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].site().metadata().name(), "a");
  schema::ListHash hash;
  for (const v1::Object& item : items) hash.Add(schema::Meta(item));
  EXPECT_EQ(summary.hash(), hash.Digest());
  EXPECT_EQ(summary.count(), 2);
  EXPECT_EQ(summary.revision(), revision());
  EXPECT_EQ(summary.epoch(), "epoch-1");
  EXPECT_EQ(summary.continue_(), "");
}

TEST_F(RegistryTest, PagesAreOfOneRevision) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Create(MakeStaticSite(name));
  v1::ListSummary summary;
  std::vector<std::string> names;
  v1::ListRequest request = Sites(2);
  for (int page = 0; page < 3; ++page) {
    const std::vector<v1::Object> items = *TryList(request, &summary);
    for (const v1::Object& item : items) names.push_back(schema::Meta(item).name());
    request.set_continue_(summary.continue_());
    // What happens between the pages is not seen.
    ASSERT_TRUE(TryDelete("Site", "default", std::string(1, static_cast<char>('e' - page))).ok());
  }
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(summary.continue_(), "");
}

TEST_F(RegistryTest, APageOfACompactedRevisionIsOutOfRange) {
  for (const char* name : {"a", "b"}) Create(MakeStaticSite(name));
  v1::ListSummary summary;
  v1::ListRequest request = Sites(1);
  ASSERT_TRUE(TryList(request, &summary).ok());
  request.set_continue_(summary.continue_());
  Create(MakeStaticSite("c"));
  ASSERT_TRUE(store_->Compact(revision()).ok());
  EXPECT_EQ(TryList(request).status().code(), Code::kOutOfRange);
  request.set_continue_("rubbish");
  EXPECT_EQ(TryList(request).status().code(), Code::kInvalidArgument);
}

TEST_F(RegistryTest, SelectorsSelect) {
  v1::Object labelled = MakeStaticSite("a");
  (*Meta(&labelled)->mutable_labels())["team"] = "red";
  Create(labelled);
  Create(MakeStaticSite("b"));
  v1::ListRequest request = Sites();
  request.mutable_selector()->set_labels("team=red");
  EXPECT_EQ(TryList(request)->size(), 1u);
  request.mutable_selector()->clear_labels();
  request.mutable_selector()->set_fields("metadata.name=b");
  EXPECT_EQ(TryList(request)->size(), 1u);
  request.mutable_selector()->set_namespace_("elsewhere");
  EXPECT_EQ(TryList(request)->size(), 0u);
  request.mutable_selector()->set_fields("spec.replicas=1");
  EXPECT_EQ(TryList(request).status().code(), Code::kInvalidArgument);
}

// Rules between fields and objects.

TEST_F(RegistryTest, ARequestedPortLiesInTheHostsRange) {
  Create(MakeHost("h1", 20000, 20010));
  EXPECT_THAT(
      Text(TryCreate(MakePinnedSite("low", "h1", 19999)).status()),
      HasSubstr("spec.process.port: must be between 20000 and 20010, the port range of host h1"));
  EXPECT_EQ(TryCreate(MakePinnedSite("high", "h1", 65536)).status().code(), Code::kInvalidArgument);
  EXPECT_THAT(Text(TryCreate(MakePinnedSite("lost", "h9", 20000)).status()),
              HasSubstr("host \"h9\" does not exist"));
  v1::Object two = MakePinnedSite("two", "h1", 20000);
  two.mutable_site()->mutable_spec()->set_replicas(2);
  EXPECT_THAT(Text(TryCreate(two).status()), HasSubstr("spec.replicas: must be 1"));
  EXPECT_TRUE(TryCreate(MakePinnedSite("good", "h1", 20000)).ok());
}

TEST_F(RegistryTest, AProcessBelongsToProcessSites) {
  v1::Object without = MakeProcessSite("app");
  without.mutable_site()->mutable_spec()->clear_process();
  EXPECT_THAT(Text(TryCreate(without).status()),
              HasSubstr("spec.process: required when spec.type is Process"));
}

TEST_F(RegistryTest, WhatIsBeingDeletedGetsNoChildren) {
  v1::Object site = MakeStaticSite("blog");
  Meta(&site)->add_finalizers("reeve/site");
  site = Create(site);
  v1::Object domain = MakeDomain("a.example", "blog");
  v1::OwnerReference* owner = Meta(&domain)->add_owner_references();
  owner->set_kind("Site");
  owner->set_name("blog");
  owner->set_uid(site.site().metadata().uid());
  owner->set_controller(true);
  ASSERT_TRUE(TryDelete("Site", "default", "blog").ok());
  const absl::Status refused = TryCreate(domain).status();
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_THAT(Text(refused), HasSubstr("its owner, Site default/blog, is being deleted"));
}

TEST_F(RegistryTest, ADomainIsNamedByItsHostname) {
  v1::Object domain = MakeDomain("a.example", "blog");
  domain.mutable_domain()->mutable_spec()->set_hostname("b.example");
  EXPECT_THAT(Text(TryCreate(domain).status()),
              HasSubstr("metadata.name: must be the same as spec.hostname, b.example"));
}

TEST_F(RegistryTest, LeasesAreStampedAndNotDurable) {
  v1::Object lease = Create(MakeLease("h1"));
  EXPECT_EQ(lease.lease().spec().renew_time().seconds(), 1767225600);
  clock_.Advance(absl::Seconds(10));
  lease.mutable_lease()->mutable_spec()->set_renewals(1);
  lease = *TryUpdate(lease);
  EXPECT_EQ(lease.lease().spec().renew_time().seconds(), 1767225610);
}

TEST_F(RegistryTest, AnObjectThatIsTooLargeIsRefused) {
  v1::Object object = MakeProcessSite("app");
  for (int i = 0; i < 40; ++i) {
    v1::EnvVar* var = object.mutable_site()->mutable_spec()->mutable_process()->add_env();
    var->set_name(fmt::format("V{}", i));
    var->set_value(std::string(8000, 'x'));
  }
  ASSERT_GT(object.ByteSizeLong(), kObjectBytesMax);
  EXPECT_EQ(TryCreate(object).status().code(), Code::kResourceExhausted);
}

}  // namespace
}  // namespace reeve::apiserver
