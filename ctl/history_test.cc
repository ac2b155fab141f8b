// What the commands about the past are made of. Whole invocations: tests/integration/history_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"
#include "ctl/pick.h"
#include "ctl/versions.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

v1::ObjectVersion VersionOf(int64_t revision, int64_t seconds, int replicas,
                            const std::string& uid = "u1") {
  v1::ObjectVersion version;
  version.set_revision(revision);
  version.mutable_time()->set_seconds(seconds);
  v1::Site* site = version.mutable_object()->mutable_site();
  site->mutable_metadata()->set_name("blog");
  site->mutable_metadata()->set_uid(uid);
  site->mutable_metadata()->set_generation(revision);
  site->mutable_metadata()->mutable_creation_timestamp()->set_seconds(100);
  site->mutable_metadata()->set_resource_version(std::to_string(revision));
  site->mutable_spec()->set_replicas(replicas);
  return version;
}

TEST(VersionsTest, AChangeIsWhatDiffersButForBookkeeping) {
  const v1::ObjectVersion first = VersionOf(1, 100, 1);
  v1::ObjectVersion second = VersionOf(2, 160, 2);
  EXPECT_EQ(ChangeText(ChangeOf(second, &first)), "spec.replicas");
  for (const char* domain : {"a.example", "b.example", "c.example"})
    second.mutable_object()->mutable_site()->mutable_spec()->add_domains(domain);
  EXPECT_EQ(ChangeText(ChangeOf(second, &first)),
            "spec.domains[\"a.example\"], spec.domains[\"b.example\"], "
            "spec.domains[\"c.example\"], 1 more");
}

TEST(VersionsTest, BeginningsAndEnds) {
  const v1::ObjectVersion first = VersionOf(1, 100, 1);
  EXPECT_EQ(ChangeText(ChangeOf(first, nullptr)), "created");
  EXPECT_EQ(ChangeText(ChangeOf(VersionOf(2, 160, 1), nullptr)), "<unknown>");
  v1::ObjectVersion end = VersionOf(3, 170, 1);
  end.set_deleted(true);
  EXPECT_EQ(ChangeText(ChangeOf(end, &first)), "deleted");
  EXPECT_EQ(ChangeText(ChangeOf(VersionOf(4, 180, 1), &end)), "created");
  EXPECT_EQ(ChangeText(ChangeOf(VersionOf(4, 180, 1, "u2"), &first)), "created");
}

TEST(VersionsTest, StatusAndOwnershipAreOfLessInterest) {
  const v1::ObjectVersion first = VersionOf(1, 100, 1);
  v1::ObjectVersion second = VersionOf(2, 160, 1);
  second.mutable_object()->mutable_site()->mutable_metadata()->add_managed_fields()->set_manager(
      "m");
  EXPECT_EQ(ChangeOf(second, &first).kind, Change::Kind::kStatus);
  EXPECT_EQ(ChangeText(ChangeOf(second, &first)), "field managers");
  second.mutable_object()->mutable_site()->mutable_status()->set_ready_replicas(1);
  EXPECT_EQ(ChangeOf(second, &first).kind, Change::Kind::kStatus);
  EXPECT_EQ(ChangeText(ChangeOf(second, &first)), "status.readyReplicas");
  (*second.mutable_object()->mutable_site()->mutable_metadata()->mutable_labels())["a"] = "b";
  EXPECT_EQ(ChangeOf(second, &first).kind, Change::Kind::kChanged);
}

TEST(VersionsTest, Moments) {
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  const auto parse = [&](std::string_view text) {
    v1::GetRequest request;
    const absl::Status status = ParseMoment(text, "at", now, &request);
    if (!status.ok()) return std::string("refused");
    return request.has_time() ? fmt::format("t{}", request.time().seconds())
                              : fmt::format("r{}", request.revision());
  };
  EXPECT_EQ(parse("1042"), "r1042");
  EXPECT_EQ(parse("90s"), "t999910");
  EXPECT_EQ(parse("1h30m"), "t994600");
  EXPECT_EQ(parse("2d"), "t827200");
  EXPECT_EQ(parse("1970-01-02"), "t86400");
  EXPECT_EQ(parse("1970-01-01T01:00:00Z"), "t3600");
  EXPECT_EQ(parse("1970-01-01T01:00:00.5+01:00"), "t0");
  for (const char* bad : {"", "0", "-1", "-1h", "yesterday", "1042x", "99999999999999999999", "d"})
    EXPECT_EQ(parse(bad), "refused") << bad;
  v1::GetRequest request;
  EXPECT_THAT(ParseMoment("x", "from", now, &request),
              IsError(absl::StatusCode::kInvalidArgument, "\"--from\""));
}

std::vector<std::string> SetIn(const v1::Object& object) {
  std::vector<std::string> texts;
  for (const FieldPath& path : schema::SetPaths(object)) texts.push_back(path.ToString());
  return texts;
}

std::set<FieldPath> Paths(const std::vector<std::string>& texts) {
  std::set<FieldPath> paths;
  for (const std::string& text : texts) paths.insert(*FieldPath::Parse(text));
  return paths;
}

TEST(PickTest, LeavesWhatThePathsName) {
  v1::Object object;
  v1::Site* site = object.mutable_site();
  site->mutable_metadata()->set_name("blog");
  site->mutable_metadata()->set_uid("u");
  (*site->mutable_metadata()->mutable_labels())["a"] = "1";
  (*site->mutable_metadata()->mutable_labels())["b"] = "2";
  v1::SiteSpec* spec = site->mutable_spec();
  spec->set_replicas(3);
  for (const char* domain : {"x.example", "y.example", "z.example"}) spec->add_domains(domain);
  spec->mutable_process()->add_command("node");
  spec->mutable_process()->set_port(80);
  for (const char* name : {"A", "B"}) {
    v1::EnvVar* env = spec->mutable_process()->add_env();
    env->set_name(name);
    env->set_value("v");
  }
  site->mutable_status()->set_ready_replicas(1);
  EXPECT_THAT(SetIn(Pick(object, {})), ElementsAre("metadata.name"));
  const std::vector<std::string> some = {
      "metadata.labels[b]",   "spec.domains[\"x.example\"]", "spec.domains[\"z.example\"]",
      "spec.process.command", "spec.process.env[B].name",    "spec.process.env[B].value"};
  std::vector<std::string> want = some;
  want.push_back("metadata.name");
  EXPECT_THAT(SetIn(Pick(object, Paths(some))), testing::UnorderedElementsAreArray(want));
  // Keys stay with what stays of their items.
  EXPECT_THAT(SetIn(Pick(object, Paths({"spec.process.env[A].value"}))),
              UnorderedElementsAre("metadata.name", "spec.process.env[A].name",
                                   "spec.process.env[A].value"));
}

TEST(PickTest, IntentIsSpecLabelsAndAnnotations) {
  v1::Object past = VersionOf(1, 100, 1).object();
  (*past.mutable_site()->mutable_metadata()->mutable_labels())["a"] = "1";
  past.mutable_site()->mutable_metadata()->add_finalizers("f");
  past.mutable_site()->mutable_status()->set_ready_replicas(7);
  v1::Object live = VersionOf(2, 160, 2, "u2").object();
  (*live.mutable_site()->mutable_metadata()->mutable_annotations())["n"] = "1";
  EXPECT_FALSE(SameIntent(past, live));
  CopyIntent(past, &live);
  EXPECT_TRUE(SameIntent(past, live));
  EXPECT_EQ(live.site().metadata().uid(), "u2");
  EXPECT_EQ(live.site().metadata().finalizers_size(), 0);
  EXPECT_EQ(live.site().metadata().annotations_size(), 0);
  EXPECT_EQ(live.site().status().ready_replicas(), 0);
}

TEST(PickTest, UnknownFieldsAreFoundAtAnyDepth) {
  v1::Object object = VersionOf(1, 100, 1).object();
  EXPECT_FALSE(HasUnknownFields(object));
  v1::EnvVar* env = object.mutable_site()->mutable_spec()->mutable_process()->add_env();
  env->GetReflection()->MutableUnknownFields(env)->AddVarint(999, 1);
  EXPECT_TRUE(HasUnknownFields(object));
}

}  // namespace
}  // namespace reeve::ctl
