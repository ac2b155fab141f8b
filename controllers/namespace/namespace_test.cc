// What namespaces say they use, and how they are emptied.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/conditions.h"
#include "controllers/namespace/contents.h"
#include "controllers/namespace/namespace_reconciler.h"
#include "controllers/testing/harness.h"

namespace reeve::controllers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

class NamespaceTest : public ::testing::Test {
 protected:
  NamespaceTest() {
    estate.AddHost("h1");
    v1::Namespace ns;
    ns.mutable_metadata()->set_name("shop");
    estate.api().MustCreate(schema::Wrap(ns));
  }
  void AddSite(v1::Site site) {
    site.mutable_metadata()->set_namespace_("shop");
    estate.api().MustCreate(schema::Wrap(std::move(site)));
  }
  const v1::Namespace* Shop() { return estate.Get<v1::Namespace>("", "shop"); }
  std::vector<std::string> Remaining() {
    std::vector<std::string> messages;
    for (const auto& [key, object] : estate.api().objects()) {
      if (object.has_event() && object.event().spec().reason() == "NamespaceContentRemaining")
        messages.push_back(object.event().spec().message());
    }
    return messages;
  }

  Estate estate;
};

TEST_F(NamespaceTest, StatusSaysWhatIsUsedOfEachBound) {
  AddSite(StaticSite("files", "sha256-1", 2));
  estate.Settle();
  EXPECT_TRUE(Shop()->status().used().empty());  // Without a quota nobody counts.
  estate.api().Edit<v1::Namespace>("", "shop", [](v1::Namespace* ns) {
    v1::Quota* quota = ns->mutable_spec()->mutable_quota();
    (*quota->mutable_objects())["Site"] = 3;
    (*quota->mutable_objects())["Domain"] = 9;
    quota->set_instances(10);
    quota->set_ports(4);
  });
  AddSite(ProcessSite("app", "sha256-2", 1));
  estate.Settle();
  EXPECT_THAT(Shop()->status().used(),
              UnorderedElementsAre(Pair("objects[Site]", 2), Pair("objects[Domain]", 2),
                                   Pair("instances", 3), Pair("ports", 1)));
  estate.api().Edit<v1::Site>("shop", "app",
                              [](v1::Site* site) { site->mutable_spec()->set_replicas(3); });
  estate.Settle();
  EXPECT_EQ(Shop()->status().used().at("ports"), 3);
  estate.api().MustDelete({"Site", "shop", "files"});
  estate.Settle();
  EXPECT_EQ(Shop()->status().used().at("objects[Site]"), 1);
  estate.api().Edit<v1::Namespace>("", "shop",
                                   [](v1::Namespace* ns) { ns->mutable_spec()->clear_quota(); });
  estate.Settle();
  EXPECT_TRUE(Shop()->status().used().empty());
}

TEST_F(NamespaceTest, IsEmptiedFirst) {
  AddSite(StaticSite("files", "sha256-1", 1));
  AddSite(ProcessSite("app", "sha256-2", 1));
  estate.api().MustCreate(schema::Wrap(StaticSite("other", "sha256-1", 1)));  // In default.
  estate.Settle();
  estate.api().MustDelete({"Namespace", "", "shop"});
  estate.Settle();
  EXPECT_EQ(Shop(), nullptr);
  EXPECT_EQ(estate.Count("Site"), 1u);
  EXPECT_EQ(estate.Count("Instance"), 1u);
  EXPECT_NE(estate.Get<v1::Namespace>("", "default"), nullptr);
  EXPECT_THAT(Remaining(), ElementsAre());  // It took no time.
}

TEST_F(NamespaceTest, SaysWhatStillBlocks) {
  AddSite(StaticSite("files", "sha256-1", 1));
  estate.Settle();
  estate.Silence("h1");
  estate.api().MustDelete({"Namespace", "", "shop"});
  estate.Pass(absl::Seconds(30));
  ASSERT_NE(Shop(), nullptr);
  EXPECT_EQ(Shop()->status().phase(), v1::NamespaceStatus::Terminating);
  ASSERT_FALSE(Remaining().empty());
  EXPECT_THAT(Remaining(),
              Contains("1 domain, 1 instance, 1 site, 2 works remain; Domain shop/files.example: "
                       "waiting for host h1 to take the route away"));
  // As Kubernetes says it in the namespace's status.
  const auto* content =
      client::FindCondition(Shop()->status().conditions(), "NamespaceContentRemaining");
  ASSERT_NE(content, nullptr);
  EXPECT_EQ(content->status(), v1::Condition::True);
  EXPECT_EQ(content->reason(), "SomeResourcesRemain");
  EXPECT_EQ(content->message(),
            "Some resources are remaining: domains has 1 resource instances, instances has 1 "
            "resource instances, sites has 1 resource instances, works has 2 resource instances");
  const auto* finalizers =
      client::FindCondition(Shop()->status().conditions(), "NamespaceFinalizersRemaining");
  ASSERT_NE(finalizers, nullptr);
  EXPECT_EQ(finalizers->reason(), "SomeFinalizersRemain");
  EXPECT_THAT(finalizers->message(), testing::HasSubstr("reeve/"));
  estate.Revive("h1");
  estate.Pass(absl::Seconds(30));
  estate.Settle();
  EXPECT_EQ(Shop(), nullptr);
}

TEST_F(NamespaceTest, ARestartDoesNotLoseTheDeletion) {
  AddSite(StaticSite("files", "sha256-1", 1));
  estate.Settle();
  estate.api().MustDelete({"Namespace", "", "shop"});
  estate.Restart();
  estate.Settle();
  EXPECT_EQ(Shop(), nullptr);
}

}  // namespace
}  // namespace reeve::controllers
