#include "proto/schema/fields_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"
#include "proto/schema/kind_registry.h"
#include "proto/schema/object.h"

namespace reeve::schema {
namespace {

using Paths = std::vector<std::string>;

const google::protobuf::Descriptor* Site() {
  return KindRegistry::Get().FindByName("Site")->descriptor;
}

void ExpectSame(const Paths& paths, std::string_view json) {
  EXPECT_EQ(ToFieldsV1(Site(), paths), json);
  const auto back = FromFieldsV1(Site(), json);
  ASSERT_OK(back);
  EXPECT_EQ(*back, paths);
}

// "Each key is either a '.' representing the field itself, and will always map to an empty set, or
// a string representing a sub-field or item. The string will follow one of these four formats:
// 'f:<name>', 'v:<value>', 'i:<index>', 'k:<keys>'":
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
TEST(FieldsV1, HasKubernetesForm) {
  ExpectSame({"spec.replicas"}, R"({"f:spec":{"f:replicas":{}}})");
  ExpectSame({"metadata.labels[\"a.b/team\"]", "spec.domains[\"a.example\"]"},
             R"({"f:metadata":{"f:labels":{"f:a.b/team":{}}},)"
             R"("f:spec":{"f:domains":{"v:\"a.example\"":{}}}})");
  ExpectSame(
      {"spec.process.env[PORT]", "spec.process.env[PORT].value"},
      R"({"f:spec":{"f:process":{"f:env":{"k:{\"name\":\"PORT\"}":{".":{},"f:value":{}}}}}})");
  ExpectSame({"status.conditions[Ready].status"},
             R"({"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{"f:status":{}}}}})");
  ExpectSame({"spec.process.command[0]"}, R"({"f:spec":{"f:process":{"f:command":{"i:0":{}}}}})");
  ExpectSame({}, "{}");
}

TEST(FieldsV1, NamesThatNoFieldCanHaveAreQuoted) {
  ExpectSame({R"(spec.unknown["a.b"])", R"(spec.unknown["ns["])"},
             R"({"f:spec":{"f:unknown":{"f:a.b":{},"f:ns[":{}}}})");
}

TEST(FieldsV1, QuotesSurvive) {
  ExpectSame({R"(metadata.labels["quo\"ted"])"},
             R"({"f:metadata":{"f:labels":{"f:quo\"ted":{}}}})");
}

TEST(FieldsV1, RefusesWhatItIsNot) {
  const auto read = [](std::string_view json) { return FromFieldsV1(Site(), json); };
  const auto bad = absl::StatusCode::kInvalidArgument;
  for (const std::string_view json :
       {R"({"spec":{}})", R"({"f:spec":1})", R"({"i:x":{}})", R"({"k:[]":{}})",
        R"({"k:{\"a\":1,\"b\":2}":{}})", R"({"v:{}}":{}})", "[", R"({"":{}})"}) {
    EXPECT_EQ(read(json).status().code(), bad) << json;
  }
}

}  // namespace
}  // namespace reeve::schema
