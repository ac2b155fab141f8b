// Namespaces: what they hold, how much of it, and how they end.
#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <vector>

#include "apiserver/deletion.h"
#include "apiserver/keys.h"
#include "apiserver/quota.h"
#include "apiserver/testing/registry_fixture.h"
#include "base/executor.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using ::testing::HasSubstr;
using Code = absl::StatusCode;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

class NamespaceTest : public RegistryTest {
 protected:
  static v1::Object In(const std::string& ns, v1::Object object) {
    Meta(&object)->set_namespace_(ns);
    return object;
  }
  static v1::Object Site(const std::string& name, int replicas = 1) {
    v1::Object site = In("shop", MakeStaticSite(name));
    site.mutable_site()->mutable_spec()->set_replicas(replicas);
    return site;
  }
  static v1::Object Process(const std::string& name, int replicas = 1) {
    v1::Object site = In("shop", MakeProcessSite(name));
    site.mutable_site()->mutable_spec()->set_replicas(replicas);
    return site;
  }
  static v1::Object Event(const std::string& name) {
    v1::Object event;
    event.mutable_event()->mutable_metadata()->set_name(name);
    event.mutable_event()->mutable_metadata()->set_namespace_("shop");
    event.mutable_event()->mutable_spec()->mutable_regarding()->set_kind("Site");
    event.mutable_event()->mutable_spec()->mutable_regarding()->set_name("blog");
    event.mutable_event()->mutable_spec()->set_reason("Placed");
    return event;
  }
  static v1::Object Bounded(const v1::Quota& quota) {
    v1::Object ns = MakeNamespace("shop");
    *ns.mutable_namespace_()->mutable_spec()->mutable_quota() = quota;
    return ns;
  }
  static v1::Quota Sites(int64_t limit) {
    v1::Quota quota;
    (*quota.mutable_objects())["Site"] = limit;
    return quota;
  }
  void SetQuota(const v1::Quota& quota) {
    v1::Object ns = Get("Namespace", "", "shop");
    *ns.mutable_namespace_()->mutable_spec()->mutable_quota() = quota;
    ASSERT_OK(TryUpdate(ns));
  }
  void Scale(const std::string& name, int replicas, Code expected) {
    v1::Object site = Get("Site", "shop", name);
    site.mutable_site()->mutable_spec()->set_replicas(replicas);
    EXPECT_EQ(TryUpdate(site).status().code(), expected) << name << " to " << replicas;
  }
  // What the record says, and what counting says: the same.
  Usage Recorded() {
    Usage recorded;
    const auto view = *store_->Read();
    const std::optional<store::Version> version = *view->Get(QuotaKey("shop"));
    if (!version.has_value()) return recorded;
    v1::Object record;
    EXPECT_TRUE(record.ParseFromString(version->value));
    for (const auto& [bound, count] : record.namespace_().status().used()) recorded[bound] = count;
    return recorded;
  }
  bool HasRecord() { return (*(*store_->Read())->Get(QuotaKey("shop"))).has_value(); }
};

TEST_F(NamespaceTest, AQuotaOfObjectsHolds) {
  Create(Bounded(Sites(2)));
  Create(Site("a"));
  Create(Site("b"));
  const Revision before = revision();
  const absl::Status refused = TryCreate(Site("c")).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_EQ(Text(refused),
            "sites \"c\" is forbidden: exceeded quota: spec.quota.objects[Site] of namespace "
            "\"shop\", requested: 1, used: 2, limited: 2");
  ASSERT_EQ(schema::ViolationsOf(refused).size(), 1u);
  EXPECT_EQ(schema::ViolationsOf(refused)[0].field(), "metadata.namespace");
  EXPECT_EQ(schema::ViolationsOf(refused)[0].object(), "Site shop/c");
  EXPECT_EQ(revision(), before);
  Create(MakeStaticSite("elsewhere"));
  ASSERT_TRUE(TryDelete("Site", "shop", "a").ok());
  EXPECT_TRUE(TryCreate(Site("c")).ok());
  EXPECT_EQ(Recorded(), (Usage{{"objects[Site]", 2}}));
}

TEST_F(NamespaceTest, AQuotaOfInstancesAndPortsHolds) {
  v1::Quota quota;
  quota.set_instances(5);
  quota.set_ports(2);
  Create(Bounded(quota));
  Create(Site("files", 3));
  Create(Process("app", 2));
  EXPECT_EQ(Recorded(), (Usage{{"instances", 5}, {"ports", 2}}));
  Scale("files", 4, Code::kPermissionDenied);
  Scale("files", 1, Code::kOk);
  v1::Object app = Get("Site", "shop", "app");
  app.mutable_site()->mutable_spec()->set_replicas(3);
  const absl::Status refused = TryUpdate(app).status();
  EXPECT_EQ(Text(refused),
            "sites \"app\" is forbidden: exceeded quota: spec.quota.ports of namespace \"shop\", "
            "requested: 1, used: 2, limited: 2");
  EXPECT_EQ(schema::ViolationsOf(refused)[0].field(), "spec.replicas");
  Scale("app", 0, Code::kOk);
  EXPECT_EQ(Recorded(), (Usage{{"instances", 1}, {"ports", 0}}));
}

TEST_F(NamespaceTest, WhatIsOverAlreadyMayShrinkAndStay) {
  Create(MakeNamespace("shop"));
  Create(Site("a", 4));
  Create(Site("b", 4));
  EXPECT_FALSE(HasRecord());  // Nobody counts without a quota.
  v1::Quota quota = Sites(1);
  quota.set_instances(6);
  SetQuota(quota);
  Scale("a", 5, Code::kPermissionDenied);
  Scale("a", 3, Code::kOk);
  v1::Object labelled = Get("Site", "shop", "b");
  (*Meta(&labelled)->mutable_labels())["team"] = "red";
  EXPECT_TRUE(TryUpdate(labelled).ok());
  EXPECT_EQ(Recorded(), (Usage{{"instances", 7}, {"objects[Site]", 2}}));
}

TEST_F(NamespaceTest, AQuotaThatComesBackIsCountedAnew) {
  Create(Bounded(Sites(3)));
  Create(Site("a"));
  SetQuota({});
  Create(Site("b"));
  Create(Site("c"));
  SetQuota(Sites(3));
  EXPECT_EQ(TryCreate(Site("d")).status().code(), Code::kPermissionDenied);
}

TEST_F(NamespaceTest, OneRequestIsCountedAsAWhole) {
  v1::Quota quota = Sites(3);
  quota.set_instances(4);
  Create(Bounded(quota));
  Create(Site("a", 4));
  const absl::Status refused = TryApply({Site("a", 4), Site("b", 1), Site("c", 2)}).status();
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_EQ(schema::ViolationsOf(refused).size(), 2u);
  // What one gives back another may take, in whatever order they come.
  EXPECT_OK(TryApply({Site("b", 2), Site("a", 2)}, {}, "ctl", /*force=*/true));
  // With its namespace, in one transaction.
  v1::Object ns = MakeNamespace("new");
  *ns.mutable_namespace_()->mutable_spec()->mutable_quota() = Sites(1);
  EXPECT_EQ(TryApply({In("new", MakeStaticSite("x")), In("new", MakeStaticSite("y")), ns})
                .status()
                .code(),
            Code::kPermissionDenied);
  EXPECT_TRUE(TryApply({In("new", MakeStaticSite("x")), ns}).ok());
}

TEST_F(NamespaceTest, ADryRunIsRefusedTooAndCountsNothing) {
  Create(Bounded(Sites(1)));
  v1::CreateRequest request;
  *request.mutable_object() = Site("a");
  request.set_dry_run(true);
  EXPECT_TRUE(api_->Create(Identity::Admin(), request).ok());
  EXPECT_TRUE(api_->Create(Identity::Admin(), request).ok());
  Create(Site("a"));
  *request.mutable_object() = Site("b");
  EXPECT_EQ(api_->Create(Identity::Admin(), request).status().code(), Code::kPermissionDenied);
}

TEST_F(NamespaceTest, WhatWasRememberedOfItIsNotTheLastWord) {
  Create(MakeNamespace("shop"));
  Create(Site("a"));
  SetQuota(Sites(1));
  EXPECT_EQ(TryCreate(Site("b")).status().code(), Code::kPermissionDenied);
  SetQuota(v1::Quota());
  EXPECT_OK(TryCreate(Site("b")));
  EXPECT_OK(TryCreate(Site("c")));
  ASSERT_OK(TryDelete("Namespace", "", "shop"));
  EXPECT_EQ(TryCreate(Site("d")).status().code(), Code::kFailedPrecondition);
}

TEST_F(NamespaceTest, RacingWritersCannotPassAQuota) {
  v1::Quota quota = Sites(20);
  quota.set_instances(30);
  Create(Bounded(quota));
  std::atomic<int> made = 0;
  std::atomic<int> other = 0;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 8; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("writer-{}", t), [&, t] {
        for (int i = 0; i < 10; ++i) {
          const absl::Status status = TryCreate(Site(fmt::format("s{}-{}", t, i), 2)).status();
          if (status.ok()) ++made;
          if (!status.ok() && status.code() != Code::kPermissionDenied) ++other;
        }
      }));
    }
  }
  EXPECT_EQ(made, 15);  // Each takes two of thirty.
  EXPECT_EQ(other, 0);
  EXPECT_EQ(Recorded(), (Usage{{"instances", 30}, {"objects[Site]", 15}}));
}

// A quota is set while others write: what they see of it is all or nothing, and the count is right.
TEST_F(NamespaceTest, AQuotaSetInARaceCountsRight) {
  Create(MakeNamespace("shop"));
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("writer-{}", t), [&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string name = fmt::format("s{}-{}", t, i);
          EXPECT_TRUE(TryCreate(Site(name)).ok());
          if (i % 3 != 0) continue;
          EXPECT_TRUE(TryDelete("Site", "shop", name).ok());
        }
      }));
    }
    for (const int64_t limit : {1000, 2000, 3000}) {
      v1::ApplyRequest request;
      *request.add_objects() = Bounded(Sites(limit));
      request.set_force(true);
      EXPECT_OK(api_->Apply(Identity::Admin(), request));
    }
  }
  Create(Site("last"));
  EXPECT_EQ(Recorded(), (Usage{{"objects[Site]", 4 * 13 + 1}}));
}

TEST_F(NamespaceTest, AQuotaMustMakeSense) {
  v1::Quota quota;
  for (const char* kind : {"Site", "site", "Deployment", "Host"})
    (*quota.mutable_objects())[kind] = 1;
  (*quota.mutable_objects())["Domain"] = -1;
  const std::string text = Text(TryCreate(Bounded(quota)).status());
  for (const char* line :
       {"spec.quota.objects[site]: the server doesn't have a resource type \"site\"; did you mean "
        "\"Site\"?",
        "spec.quota.objects[Deployment]: the server doesn't have a resource type \"Deployment\"",
        "spec.quota.objects[Host]: hosts are in no namespace",
        "spec.quota.objects[Domain]: must be at least 0"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(Text(TryCreate(MakeNamespace("reeve-mine")).status()),
              HasSubstr("metadata.name: names that begin with reeve- are Reeve's own"));
}

// The end of a namespace.

// The phase says whether it is being deleted, and nothing else does.
TEST_F(NamespaceTest, NobodySetsThePhase) {
  Create(MakeNamespace("shop"));
  for (const auto phase : {v1::NamespaceStatus::Terminating, v1::NamespaceStatus::Unspecified}) {
    v1::Object ns = Get("Namespace", "", "shop");
    ns.mutable_namespace_()->mutable_status()->set_phase(phase);
    for (const Identity& who : {Identity::Admin(), Identity::Controller("namespace-controller")}) {
      const absl::Status refused = TryStatus(ns, who).status();
      EXPECT_EQ(refused.code(), Code::kFailedPrecondition) << refused;
      EXPECT_THAT(std::string(refused.message()), HasSubstr("status.phase cannot go from Active"));
    }
  }
  Create(Site("blog"));
  ASSERT_TRUE(TryDelete("Namespace", "", "shop").ok());
  v1::Object ns = Get("Namespace", "", "shop");
  ns.mutable_namespace_()->mutable_status()->set_phase(v1::NamespaceStatus::Terminating);
  const absl::StatusOr<v1::Object> going = TryStatus(ns);
  ASSERT_TRUE(going.ok()) << going.status();
  ns = *going;
  ns.mutable_namespace_()->mutable_status()->set_phase(v1::NamespaceStatus::Active);
  EXPECT_EQ(TryStatus(ns).status().code(), Code::kFailedPrecondition);
}

TEST_F(NamespaceTest, AnEmptyOneGoesAtOnce) {
  Create(Bounded(Sites(3)));
  Create(Site("a"));
  ASSERT_TRUE(TryDelete("Site", "shop", "a").ok());
  Create(Event("blog.1"));
  EXPECT_TRUE(TryDelete("Namespace", "", "shop")->gone());
  EXPECT_FALSE(HasRecord());
  v1::ListRequest all;
  all.mutable_selector()->set_kind("Event");
  EXPECT_TRUE(TryList(all)->empty());
}

// "When you delete a namespace, Kubernetes deletes all the objects in it": it is Terminating until
// controllers have done that.
TEST_F(NamespaceTest, OneThatHoldsSomethingIsTerminatingUntilItIsEmpty) {
  Create(MakeNamespace("shop"));
  Create(Site("blog"));
  absl::StatusOr<v1::DeleteResponse> answer = TryDelete("Namespace", "", "shop");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->gone());
  EXPECT_EQ(answer->object().namespace_().status().phase(), v1::NamespaceStatus::Terminating);
  const Revision before = revision();
  EXPECT_FALSE(TryDelete("Namespace", "", "shop")->gone());
  EXPECT_EQ(revision(), before);
  EXPECT_EQ(TryCreate(Site("more")).status(),
            FailedPrecondition("sites \"more\" is forbidden: unable to create new content in "
                               "namespace shop because it is being terminated"));
  Scale("blog", 2, Code::kOk);  // What is there may be changed while it goes.
  ASSERT_TRUE(TryDelete("Site", "shop", "blog").ok());
  EXPECT_TRUE(TryDelete("Namespace", "", "shop")->gone());
  EXPECT_EQ(TryCreate(Site("blog")).status(), NotFound("namespaces \"shop\" not found"));
}

TEST_F(NamespaceTest, NobodyEndsOneThatHoldsSomething) {
  Create(MakeNamespace("shop"));
  Create(Site("blog"));
  ASSERT_TRUE(TryDelete("Namespace", "", "shop").ok());
  v1::Object ns = Get("Namespace", "", "shop");
  Meta(&ns)->clear_finalizers();
  EXPECT_EQ(
      TryUpdate(ns).status(),
      FailedPrecondition("namespace \"shop\" is not empty: it holds 1 site, and goes after them"));
  ASSERT_TRUE(TryDelete("Site", "shop", "blog").ok());
  EXPECT_TRUE(TryUpdate(ns).ok());
  EXPECT_EQ(TryDelete("Namespace", "", "shop").status().code(), Code::kNotFound);
}

TEST_F(NamespaceTest, OthersFinalizersHoldItToo) {
  v1::Object ns = MakeNamespace("shop");
  Meta(&ns)->add_finalizers("example.com/backup");
  Create(ns);
  EXPECT_FALSE(TryDelete("Namespace", "", "shop")->gone());
  ns = Get("Namespace", "", "shop");
  ASSERT_EQ(Meta(&ns)->finalizers_size(), 1);
  Meta(&ns)->clear_finalizers();
  ASSERT_TRUE(TryUpdate(ns).ok());
  EXPECT_EQ(TryDelete("Namespace", "", "shop").status().code(), Code::kNotFound);
}

TEST_F(NamespaceTest, DryRunMarksNothing) {
  Create(MakeNamespace("shop"));
  v1::DeleteRequest request;
  request.mutable_key()->set_kind("Namespace");
  request.mutable_key()->set_name("shop");
  request.set_dry_run(true);
  const Revision before = revision();
  EXPECT_TRUE(api_->Delete(Identity::Admin(), request).ok());
  EXPECT_EQ(revision(), before);
}

TEST_F(NamespaceTest, TheServersOwnStay) {
  for (const char* name : {"default", "reeve-system"}) {
    EXPECT_EQ(TryDelete("Namespace", "", name).status().code(), Code::kPermissionDenied);
  }
}

// Creations and the end of their namespace race: nothing is left in a namespace that is gone.
TEST_F(NamespaceTest, NothingIsMadeInOneThatGoes) {
  for (int round = 0; round < 20; ++round) {
    Create(MakeNamespace("shop"));
    Thread maker("maker", [&] {
      for (int i = 0; i < 5; ++i) TryCreate(Site(fmt::format("s{}", i))).IgnoreError();
    });
    ASSERT_TRUE(TryDelete("Namespace", "", "shop").ok());
    while (true) {
      v1::ListRequest all;
      all.mutable_selector()->set_kind("Site");
      const std::vector<v1::Object> sites = *TryList(all);
      for (const v1::Object& site : sites)
        TryDelete("Site", "shop", schema::Meta(site).name()).IgnoreError();
      const absl::StatusOr<v1::DeleteResponse> end = TryDelete("Namespace", "", "shop");
      if (absl::IsNotFound(end.status()) || (end.ok() && end->gone())) break;
    }
    v1::ListRequest all;
    all.mutable_selector()->set_kind("Site");
    EXPECT_TRUE(TryList(all)->empty());
  }
}

}  // namespace
}  // namespace reeve::apiserver
