#include <gmock/gmock.h>

#include "apiserver/testing/registry_fixture.h"
#include "base/executor.h"
#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Code = absl::StatusCode;

class ApplyTest : public RegistryTest {
 protected:
  v1::ApplyResult ApplyOne(const v1::Object& object, const std::vector<std::string>& mentioned,
                           const std::string& manager = "ctl") {
    absl::StatusOr<v1::ApplyResponse> response = TryApply({object}, {mentioned}, manager);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->results(0) : v1::ApplyResult();
  }
};

TEST_F(ApplyTest, OnlyWhatIsMentionedChanges) {
  v1::Object site = MakeStaticSite("blog", {"a.example"});
  site.mutable_site()->mutable_spec()->set_replicas(3);
  ApplyOne(site, {});
  v1::Object deploy;
  deploy.mutable_site()->mutable_metadata()->set_name("blog");
  const std::string digest = "sha256-" + std::string(64, 'a');
  deploy.mutable_site()->mutable_spec()->set_blob(digest);
  const v1::ApplyResult result = ApplyOne(deploy, {"spec.blob"}, "ctl-deploy");
  EXPECT_EQ(result.action(), v1::ApplyResult::CONFIGURED);
  EXPECT_EQ(result.object().site().spec().blob(), digest);
  EXPECT_EQ(result.object().site().spec().replicas(), 3);
  EXPECT_EQ(result.object().site().spec().domains(0), "a.example");
  EXPECT_EQ(result.object().site().metadata().generation(), 2);
  EXPECT_EQ(result.object().site().status().phase(), v1::SiteStatus::Created);
}

TEST_F(ApplyTest, AMentionedZeroIsAValue) {
  v1::Object host = MakeHost("h1");
  host.mutable_host()->mutable_spec()->set_cordoned(true);
  ApplyOne(host, {});
  const v1::ApplyResult result = ApplyOne(MakeHost("h1"), {"spec.cordoned"});
  EXPECT_EQ(result.action(), v1::ApplyResult::CONFIGURED);
  EXPECT_FALSE(result.object().host().spec().cordoned());
  v1::Object none = MakeStaticSite("blog");
  none.mutable_site()->mutable_spec()->set_replicas(0);
  EXPECT_EQ(ApplyOne(none, {}).object().site().spec().replicas(), 0);
}

TEST_F(ApplyTest, WhatIsMentionedIsBounded) {
  const auto says = [&](std::vector<std::string> paths) {
    return std::string(TryApply({MakeStaticSite("blog")}, {std::move(paths)}).status().message());
  };
  std::string deep = "spec";
  for (int i = 0; i < kMentionedStepsMax; ++i) deep += ".a";
  EXPECT_THAT(says({deep}), HasSubstr("mentioned: a path of more than"));
  EXPECT_THAT(says({std::string(kStringBytesMax + 1, 'a')}), HasSubstr("mentioned: a path of"));
  EXPECT_THAT(says(std::vector<std::string>(kMentionedPathsMax + 1, "spec.type")),
              HasSubstr("more than the 20000 allowed"));
  EXPECT_THAT(says({"spec..type"}), HasSubstr("is not a field path"));
}

TEST_F(ApplyTest, ListsMergeByKeySetsByValueOthersWhole) {
  v1::Object site = MakeProcessSite("app");
  v1::ProcessSpec* process = site.mutable_site()->mutable_spec()->mutable_process();
  process->add_command("server.js");
  process->add_env()->set_name("A");
  process->mutable_env(0)->set_value("1");
  site.mutable_site()->mutable_spec()->add_domains("a.example");
  ApplyOne(site, {});

  v1::Object more = MakeProcessSite("app");
  process = more.mutable_site()->mutable_spec()->mutable_process();
  process->set_command(0, "python3");
  process->add_env()->set_name("B");
  process->mutable_env(0)->set_value("2");
  process->add_env()->set_name("A");
  process->mutable_env(1)->set_value("3");
  more.mutable_site()->mutable_spec()->add_domains("b.example");
  more.mutable_site()->mutable_spec()->add_domains("A.example");
  const v1::SiteSpec spec =
      ApplyOne(more,
               {"apiVersion", "kind", "spec", "spec.process", "spec.process.command",
                "spec.process.command[0]", "spec.process.env", "spec.process.env[0]",
                "spec.process.env[0].name", "spec.process.env[0].value", "spec.process.env[1].name",
                "spec.process.env[1].value", "spec.domains[0]", "spec.domains[1]"})
          .object()
          .site()
          .spec();
  EXPECT_THAT(spec.process().command(), ElementsAre("python3"));
  EXPECT_THAT(spec.domains(), ElementsAre("a.example", "b.example"));
  ASSERT_EQ(spec.process().env_size(), 2);
  EXPECT_EQ(spec.process().env(0).value(), "3");
  EXPECT_EQ(spec.process().env(1).name(), "B");
}

TEST_F(ApplyTest, LabelsMergeByKey) {
  v1::Object site = MakeStaticSite("blog");
  (*Meta(&site)->mutable_labels())["team"] = "red";
  ApplyOne(site, {});
  v1::Object more = MakeStaticSite("blog");
  (*Meta(&more)->mutable_labels())["tier"] = "web";
  const v1::ApplyResult result =
      ApplyOne(more, {"metadata.labels[tier]", "metadata.labels"}, "other");
  EXPECT_EQ(result.object().site().metadata().labels().size(), 2u);
  EXPECT_EQ(result.object().site().metadata().generation(), 1);
}

TEST_F(ApplyTest, IsAllOrNothing) {
  ApplyOne(MakeStaticSite("a"), {});
  const Revision before = revision();
  v1::Object bad = MakeStaticSite("c");
  bad.mutable_site()->mutable_spec()->set_replicas(-1);
  v1::Object worse = MakeStaticSite("d");
  worse.mutable_site()->mutable_spec()->set_replicas(-2);
  const absl::Status status = TryApply({MakeStaticSite("b"), bad, worse}).status();
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  ASSERT_EQ(schema::ViolationsOf(status).size(), 2u);
  EXPECT_EQ(schema::ViolationsOf(status)[1].object(), "Site default/d");
  EXPECT_EQ(revision(), before);
  const v1::ApplyResponse good =
      *TryApply({MakeStaticSite("a"), MakeStaticSite("b"), MakeStaticSite("c")});
  EXPECT_EQ(revision(), before + 1);
  EXPECT_EQ(good.revision(), revision());
  EXPECT_EQ(good.results(0).action(), v1::ApplyResult::UNCHANGED);
  EXPECT_EQ(good.results(2).action(), v1::ApplyResult::CREATED);
  EXPECT_EQ(good.results(1).object().site().metadata().resource_version(),
            std::to_string(revision()));
}

TEST_F(ApplyTest, WhatObjectsStandInMayComeWithThem) {
  v1::Object site = MakePinnedSite("app", "h1", 20000);
  Meta(&site)->set_namespace_("shop");
  const absl::StatusOr<v1::ApplyResponse> response =
      TryApply({site, MakeHost("h1"), MakeNamespace("shop")});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(0).object().site().metadata().name(), "app");
}

TEST_F(ApplyTest, TheSameObjectTwiceIsRefused) {
  EXPECT_THAT(std::string(TryApply({MakeStaticSite("a"), MakeStaticSite("a")}).status().message()),
              HasSubstr("Site default/a is more than once"));
  EXPECT_EQ(TryApply({}).status().code(), Code::kInvalidArgument);
  const std::vector<v1::Object> many(kApplyObjectsMax + 1, MakeStaticSite("a"));
  EXPECT_EQ(TryApply(many).status().code(), Code::kInvalidArgument);
}

TEST_F(ApplyTest, DryRunSaysWhatWouldHappen) {
  v1::ApplyRequest request;
  *request.add_objects() = MakeStaticSite("a");
  request.set_dry_run(true);
  const Revision before = revision();
  EXPECT_EQ(api_->Apply(Identity::Admin(), request)->results(0).action(), v1::ApplyResult::CREATED);
  EXPECT_EQ(revision(), before);
}

TEST_F(ApplyTest, ManagedFieldsKeepWhoAppliedWhat) {
  ApplyOne(MakeStaticSite("blog", {"a.example"}), {}, "one");
  const v1::ObjectMeta meta =
      ApplyOne(MakeStaticSite("blog", {"b.example"}), {}, "two").object().site().metadata();
  ASSERT_EQ(meta.managed_fields_size(), 2);
  EXPECT_EQ(meta.managed_fields(0).operation(), "Apply");
  EXPECT_THAT(meta.managed_fields(0).fields(),
              ElementsAre("spec.domains[\"a.example\"]", "spec.type"));
  EXPECT_THAT(meta.managed_fields(1).fields(),
              ElementsAre("spec.domains[\"b.example\"]", "spec.type"));
}

TEST_F(ApplyTest, AllConflictsAreNamedByManager) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->set_replicas(1);
  ApplyOne(site, {}, "one");
  v1::Object labels = MakeStaticSite("blog");
  (*Meta(&labels)->mutable_labels())["team"] = "red";
  ApplyOne(labels, {"metadata.labels[team]"}, "two");
  site.mutable_site()->mutable_spec()->set_replicas(2);
  (*Meta(&site)->mutable_labels())["team"] = "blue";
  EXPECT_EQ(reeve::Message(TryApply({site}, {}, "three").status()),
            "Apply failed with 2 conflicts: conflicts with \"one\" using reeve/v1:\n"
            "- .spec.replicas\n"
            " conflicts with \"two\" using reeve/v1:\n"
            "- .metadata.labels[team]");
}

TEST_F(ApplyTest, AnUpdateOfAnotherIsAConflictToo) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->set_replicas(1);
  v1::Object live = ApplyOne(site, {}).object();
  live.mutable_site()->mutable_spec()->set_replicas(5);
  ASSERT_OK(TryUpdate(live));
  site.mutable_site()->mutable_spec()->set_replicas(2);
  EXPECT_EQ(TryApply({site}).status().code(), Code::kAborted);
  site.mutable_site()->mutable_spec()->set_replicas(5);  // The same value is shared.
  EXPECT_TRUE(TryApply({site}).ok());
}

TEST_F(ApplyTest, WhatIsDroppedIsRemoved) {
  v1::Object site = MakeProcessSite("app");
  v1::ProcessSpec* process = site.mutable_site()->mutable_spec()->mutable_process();
  for (const char* name : {"A", "B"}) {
    process->add_env()->set_name(name);
    process->mutable_env()->rbegin()->set_value("1");
  }
  site.mutable_site()->mutable_spec()->set_replicas(3);
  for (const char* domain : {"a.example", "b.example"})
    site.mutable_site()->mutable_spec()->add_domains(domain);
  (*Meta(&site)->mutable_labels())["team"] = "red";
  (*Meta(&site)->mutable_labels())["tier"] = "web";
  ApplyOne(site, {});

  process->mutable_env()->DeleteSubrange(0, 1);
  site.mutable_site()->mutable_spec()->clear_replicas();
  site.mutable_site()->mutable_spec()->mutable_domains()->DeleteSubrange(0, 1);
  Meta(&site)->mutable_labels()->erase("team");
  const v1::Object after = ApplyOne(site, {}).object();
  EXPECT_EQ(after.site().spec().process().env_size(), 1);
  EXPECT_EQ(after.site().spec().process().env(0).name(), "B");
  EXPECT_EQ(after.site().spec().replicas(), 1);  // The default.
  EXPECT_THAT(after.site().spec().domains(), ElementsAre("b.example"));
  EXPECT_EQ(after.site().metadata().labels().size(), 1u);
  EXPECT_EQ(after.site().metadata().labels().at("tier"), "web");
}

TEST_F(ApplyTest, ADroppedMessageGoesWithItsDefaults) {
  v1::Object site = MakeStaticSite("blog");
  site.mutable_site()->mutable_spec()->mutable_health()->set_http_path("/up");
  const v1::Object first = ApplyOne(site, {}).object();
  EXPECT_TRUE(first.site().spec().health().has_interval());
  site.mutable_site()->mutable_spec()->clear_health();
  const v1::Object after = ApplyOne(site, {}).object();
  EXPECT_NE(after.site().spec().health().http_path(), "/up");
}

TEST_F(ApplyTest, RacesAreRunAgain) {
  ApplyOne(MakeStaticSite("blog"), {});
  std::atomic<int> failed = 0;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(std::make_unique<Thread>(fmt::format("applier-{}", t), [&, t] {
        for (int i = 0; i < 10; ++i) {
          v1::Object site = MakeStaticSite("blog");
          (*Meta(&site)->mutable_labels())[fmt::format("t{}-{}", t, i)] = "x";
          if (!TryApply({site}, {}, fmt::format("manager-{}-{}", t, i)).ok()) ++failed;
        }
      }));
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Get("Site", "default", "blog").site().metadata().labels().size(), 40u);
}

}  // namespace
}  // namespace reeve::apiserver
