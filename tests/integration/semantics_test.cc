// Quotas, the end of namespaces, propagation of deletion and pruning: ctl, the real API server and
// the real controllers together, over gRPC. There are no hosts: copies wait for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/executor.h"
#include "base/testing/status_matchers.h"
#include "client/grpc_client.h"
#include "controllers/runtime/manager.h"
#include "proto/schema/object.h"
#include "tests/integration/estate.h"
#include "tests/support/channels.h"

namespace reeve::integration {
namespace {

using testing::HasSubstr;

constexpr absl::Duration kDeadline = absl::Seconds(20);

std::string Site(const std::string& name, int replicas = 1) {
  return "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {type: Static, replicas: " + std::to_string(replicas) +
         ", domains: [" + name + ".example.test]}\n---\n";
}

constexpr char kShop[] = R"(apiVersion: reeve/v1
kind: Namespace
metadata: {name: shop}
spec: {quota: {objects: {Site: 2}, instances: 5}}
---
)";

class SemanticsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(estate_.Start());
    client::GrpcOptions options;
    options.endpoint = estate_.server().endpoint();
    options.ca_pem = support::ReadFile(estate_.server().pki() + "/ca.crt");
    options.cert_pem = support::ReadFile(estate_.server().pki() + "/controllers.crt");
    options.key_pem = support::ReadFile(estate_.server().pki() + "/controllers.key");
    client_ = *client::NewGrpcClient(options);
    manager_ = std::make_unique<controllers::Manager>(controllers::Manager::Options{
        .client = client_.get(), .reconcilers = controllers::Reconcilers(), .wake = [this] {
          wake_.Notify();
        }});
    Apply(kShop);
  }
  void Apply(const std::string& manifests) {
    const Said said = estate_.Ctl({"apply", "-f", "-"}, manifests);
    ASSERT_EQ(said.code, 0) << said.err;
  }
  std::string Print(const std::vector<std::string>& argv) { return estate_.Ctl(argv).out; }
  size_t Count(const std::string& kind) {
    v1::ListRequest request;
    request.mutable_selector()->set_kind(kind);
    request.mutable_selector()->set_namespace_("shop");
    return estate_.api()->ListObjects(request)->items.size();
  }
  bool Has(const ObjectKey& key) { return estate_.api()->Get(key).ok(); }
  // Steps the controllers until `done`; false after the deadline.
  bool RunUntil(const std::function<bool()>& done) {
    const absl::Duration end = RealClock()->Read().mono + kDeadline;
    while (RealClock()->Read().mono < end) {
      if (manager_->ProcessOne(RealClock()->Read())) continue;
      if (done()) return true;
      wake_.WaitFor(std::min(manager_->NextWake(RealClock()->Read()), absl::Milliseconds(200)));
    }
    return false;
  }

  Estate estate_;
  Notification wake_;
  std::unique_ptr<client::Api> client_;
  std::unique_ptr<controllers::Manager> manager_;
};

TEST_F(SemanticsTest, AQuotaIsEnforcedAndShown) {
  Apply(Site("a", 2) + Site("b"));
  const Said third = estate_.Ctl({"apply", "-f", "-"}, Site("c"));
  EXPECT_EQ(third.code, 1);
  EXPECT_THAT(third.err,
              HasSubstr("exceeded quota: spec.quota.objects[Site] of namespace \"shop\", "
                        "requested: 1, used: 2, limited: 2"));
  EXPECT_EQ(estate_.Ctl({"apply", "-f", "-"}, Site("b", 4)).code, 1);
  EXPECT_TRUE(RunUntil([&] {
    const auto shop = estate_.api()->Get({"Namespace", "", "shop"});
    const auto& used = shop->namespace_().status().used();
    return used.contains("instances") && used.at("instances") == 3;
  }));
}

TEST_F(SemanticsTest, ANamespaceIsEmptiedFirst) {
  Apply(Site("a", 2) + Site("b"));
  ASSERT_TRUE(RunUntil([&] { return Count("Instance") == 3 && Count("Domain") == 2; }));
  const Said deleted = estate_.Ctl({"delete", "namespace", "shop", "--wait=false"});
  EXPECT_EQ(deleted.code, 0) << deleted.err;
  EXPECT_EQ(Print({"get", "namespace", "shop", "-o", "jsonpath={.status.phase}"}), "Terminating");
  EXPECT_THAT(estate_.Ctl({"apply", "-f", "-"}, Site("c")).err,
              HasSubstr("because it is being terminated"));
  EXPECT_TRUE(RunUntil([&] { return !Has({"Namespace", "", "shop"}); }));
  for (const char* kind : {"Site", "Instance", "Domain", "Event"}) EXPECT_EQ(Count(kind), 0u);
}

TEST_F(SemanticsTest, AForegroundDeletionWaitsForDependents) {
  Apply(Site("a", 2));
  ASSERT_TRUE(RunUntil([&] { return Count("Instance") == 2; }));
  ASSERT_EQ(
      estate_.Ctl({"delete", "site/a", "-n", "shop", "--cascade=foreground", "--wait=false"}).code,
      0);
  EXPECT_THAT(Print({"get", "site", "a", "-n", "shop", "-o", "jsonpath={.metadata.finalizers}"}),
              HasSubstr("foregroundDeletion"));
  EXPECT_TRUE(RunUntil([&] {
    const bool there = Has({"Site", "shop", "a"});  // Asked first: it goes last.
    EXPECT_TRUE(there || Count("Instance") + Count("Domain") == 0);
    return !there;
  }));
  EXPECT_THAT(estate_.Ctl({"delete", "namespace", "shop", "--cascade=orphan"}).err,
              HasSubstr("cannot be deleted with Orphan"));
}

TEST_F(SemanticsTest, WhatTheManifestsNoLongerHoldIsPruned) {
  const std::vector<std::string> prune = {"apply",         "-f", "-", "-n", "shop", "--prune",
                                          "--applyset=web"};
  ASSERT_EQ(estate_.Ctl(prune, Site("a") + Site("b")).code, 0);
  EXPECT_EQ(estate_.Ctl(prune, Site("a")).out, "site/a unchanged\nsite/b pruned\n");
  EXPECT_TRUE(Has({"Site", "shop", "a"}));
  EXPECT_FALSE(Has({"Site", "shop", "b"}));
}

}  // namespace
}  // namespace reeve::integration
