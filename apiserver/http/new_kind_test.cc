// A kind that the server has no line of code about (proto/schema/testing/sample_kind.proto) is
// there for kubectl: in the list of resources, in OpenAPI.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apiserver/http/discovery.h"
#include "proto/schema/openapi.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::apiserver {
namespace {

using nlohmann::json;

const schema::KindRegistry& Kinds() {
  static const schema::KindRegistry kinds(reeve::testing::Object::descriptor());
  return kinds;
}

TEST(NewKind, IsDiscovered) {
  const json list = json::parse(ResourceList(Kinds()));
  json found;
  for (const json& resource : list["resources"]) {
    if (resource["name"] == "backups") found = resource;
  }
  ASSERT_FALSE(found.is_null()) << list;
  EXPECT_EQ(found["kind"], "Backup");
  EXPECT_EQ(found["singularName"], "backup");
  EXPECT_EQ(found["shortNames"], json({"bk"}));
  EXPECT_EQ(found["namespaced"], true);
  for (const char* verb : {"get", "list", "watch", "create", "patch", "delete"})
    EXPECT_THAT(found["verbs"], ::testing::Contains(verb));
}

// The package of the sample's .proto is in its name.
bool HasBackup(const json& schemas) {
  for (const auto& [name, schema] : schemas.items()) {
    if (name.ends_with(".Backup")) return schema["properties"].contains("spec");
  }
  return false;
}

TEST(NewKind, IsInOpenApi) {
  const json v2 = json::parse(schema::OpenApiV2(Kinds()));
  EXPECT_TRUE(HasBackup(v2["definitions"]));
  EXPECT_TRUE(v2["paths"].contains("/apis/reeve/v1/namespaces/{namespace}/backups/{name}"));
  const json v3 = json::parse(schema::OpenApiV3(Kinds()));
  EXPECT_TRUE(HasBackup(v3["components"]["schemas"]));
}

}  // namespace
}  // namespace reeve::apiserver
