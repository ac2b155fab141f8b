#include "proto/schema/json.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/testing/status_matchers.h"

namespace reeve::schema {
namespace {

using absl::StatusCode;

TEST(Json, WritesKubernetesDialect) {
  v1::Site site;
  site.mutable_metadata()->set_name("shop");
  site.mutable_metadata()->set_resource_version("12");
  site.mutable_metadata()->set_generation(7);
  site.mutable_metadata()->mutable_creation_timestamp()->set_seconds(1767225600);
  site.mutable_metadata()->mutable_creation_timestamp()->set_nanos(250'000'000);
  site.mutable_spec()->set_type(v1::SiteSpec::Static);
  site.mutable_spec()->mutable_health()->mutable_interval()->set_seconds(30);
  site.mutable_spec()->mutable_placement()->set_allow_same_host(true);
  site.mutable_status()->add_conditions()->set_type("Ready");
  EXPECT_EQ(
      ToJson(Wrap(site), -1),
      R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"shop","resourceVersion":"12",)"
      R"("generation":7,"creationTimestamp":"2026-01-01T00:00:00.25Z"},)"
      R"("spec":{"type":"Static","placement":{"allowSameHost":true},"health":{"interval":"30s"}},)"
      R"("status":{"conditions":[{"type":"Ready","status":"Unknown"}]}})");
  EXPECT_EQ(ToJsonList({}, -1), R"({"apiVersion":"v1","kind":"List","items":[]})");
  EXPECT_EQ(ToJson(NewObject(*KindRegistry::Get().FindByName("Host"))),
            "{\n    \"apiVersion\": \"reeve/v1\",\n    \"kind\": \"Host\"\n}");
}

TEST(Json, MapsOfNumbersHoldNumbers) {
  constexpr std::string_view kText =
      R"({"apiVersion":"reeve/v1","kind":"Namespace","metadata":{"name":"a"},)"
      R"("spec":{"quota":{"objects":{"Host":0,"Site":40}}}})";
  const auto object = FromJson(kText);
  ASSERT_OK(object);
  EXPECT_EQ(object->namespace_().spec().quota().objects().at("Site"), 40);
  EXPECT_EQ(ToJson(*object, -1), kText);
  EXPECT_THAT(FromJson(R"({"apiVersion":"reeve/v1","kind":"Namespace","metadata":{"name":"a"},)"
                       R"("spec":{"quota":{"objects":{"Site":"40"}}}})"),
              IsError(StatusCode::kInvalidArgument,
                      "spec.quota.objects[Site]: must be a decimal integer without quotes"));
}

TEST(Json, ReadsWhatTheServerOwnsToo) {
  ASSERT_OK_AND_ASSIGN(const v1::Object object,
                       FromJson(R"({"kind": "Site", "apiVersion": "reeve/v1",
      "metadata": {"name": "a", "uid": "u", "deletionTimestamp": null,
                   "creationTimestamp": "2026-01-01T01:00:00+01:00"},
      "spec": {"replicas": 0, "domains": []},
      "status": {"phase": "Active", "readyReplicas": 2}})"));
  EXPECT_EQ(Meta(object).uid(), "u");
  EXPECT_EQ(Meta(object).creation_timestamp().seconds(), 1767225600);
  EXPECT_FALSE(Meta(object).has_deletion_timestamp());
  EXPECT_EQ(Phase(object), "Active");
  EXPECT_TRUE(object.site().spec().has_replicas());
}

// A request of megabytes is not answered with megabytes.
TEST(Json, SaysNoMoreThanPeopleRead) {
  const auto error = [](const std::string& text) {
    return std::string(FromJson(text).status().message());
  };
  EXPECT_EQ(error("{\"a\": " + std::string(100'000, '[')).size(), 110u);
  std::string twice = "{\"a\": 1";
  for (int i = 0; i < 5000; ++i) twice += ", \"a\": 1";
  const std::string text = error(twice + "}");
  EXPECT_LT(text.size(), 20'000u);
  EXPECT_TRUE(text.ends_with("\nand 4000 more errors")) << text.substr(text.size() - 40);
}

TEST(Json, SaysEverythingThatIsWrong) {
  const auto site = [](const std::string& spec) {
    return R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"a"},"spec":)" + spec + "}";
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON: byte 1"},
      {"{", "not JSON: byte 2"},
      {"[]", "the document must be a mapping, not a list"},
      {"{}", "apiVersion: required, such as reeve/v1\nkind: required, such as Site"},
      {site("{}") + "x", "not JSON: byte"},
      {"# c\n" + site("{}"), "not JSON: byte 1"},
      {site(R"({"type":"Static","type":"Static"})"), "duplicate key \"type\""},
      {site(R"({"replcas":1,"replicas":"2"})"),
       "unknown field \"spec.replcas\", did you mean \"replicas\"?\n"
       "spec.replicas: must be a decimal integer without quotes, got \"2\""},
      {site(R"({"replicas":2.0})"), "spec.replicas: must be a decimal integer, got \"2.0\""},
      {site(R"({"replicas":1e1})"), "spec.replicas: must be a decimal integer, got \"1e1\""},
      {site(R"({"replicas":99999999999999999999})"), "spec.replicas: must be at most 100"},
      {site(R"({"replicas":null})"), "spec.replicas: null is no value: leave the field out"},
      {site(R"({"blob":5})"), "spec.blob: must be a string in quotes, got \"5\""},
      {site(R"({"blob":true})"), "spec.blob: must be a string in quotes, got \"true\""},
      {site(R"({"type":2})"), "spec.type: must be one of Static, Process in quotes, got \"2\""},
      {site(R"({"blob":"a\u0000b"})"), "text may not contain a control character U+0000"},
      {site(R"({"blob":"\ud800"})"), "not JSON: byte"},
      {site("{\"blob\":\"\xff\"}"), "not JSON: byte"},
      {site(R"({"static":{"<<":1}})"), "merge keys (<<) are not supported"},
      {site(std::string(100'000, '[')), "nested too deeply"},
      {R"({"apiVersion":"v1","kind":"List","items":[]})", "must be one object, not a List"},
      {std::string(kRequestBytesMax + 1, ' '), "at most 4194304 are allowed"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_THAT(FromJson(text), IsError(StatusCode::kInvalidArgument, error))
        << text.substr(0, 200);
  }
}

}  // namespace
}  // namespace reeve::schema
