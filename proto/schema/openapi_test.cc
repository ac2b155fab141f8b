#include "proto/schema/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/testing/golden.h"
#include "openapi/v2/openapi.pb.h"
#include "schema/testing/sample_kind.pb.h"

namespace reeve::schema {
namespace {

using nlohmann::json;

// The value of every "$ref" below `node`.
void CollectRefs(const json& node, std::set<std::string>* refs) {
  if (node.is_object() && node.contains("$ref")) refs->insert(node.at("$ref").get<std::string>());
  if (!node.is_structured()) return;
  for (const json& below : node) CollectRefs(below, refs);
}

void ExpectEveryRefResolves(const json& document) {
  std::set<std::string> refs;
  CollectRefs(document, &refs);
  EXPECT_GT(refs.size(), 20u);
  for (const std::string& ref : refs) {
    ASSERT_TRUE(ref.starts_with("#/")) << ref;
    EXPECT_TRUE(document.contains(json::json_pointer(ref.substr(1)))) << ref;
  }
}

// operationIds are unique, and so are parameters in an operation: OpenAPI 2 and 3 require it.
void ExpectOperations(const json& paths) {
  std::set<std::string> ids;
  int operations = 0;
  for (const auto& [path, item] : paths.items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") continue;
      ++operations;
      ids.insert(operation.at("operationId").get<std::string>());
      EXPECT_TRUE(operation.contains("x-kubernetes-action")) << path;
      EXPECT_EQ(operation.at("x-kubernetes-group-version-kind").at("group"), "reeve") << path;
      EXPECT_TRUE(operation.at("responses").contains("200")) << path;
    }
  }
  EXPECT_GT(operations, 50);
  EXPECT_EQ(ids.size(), static_cast<size_t>(operations));
}

const json& V2() {
  static const auto* const document = new json(json::parse(OpenApiV2(KindRegistry::Get())));
  return *document;
}
const json& V3() {
  static const auto* const document = new json(json::parse(OpenApiV3(KindRegistry::Get())));
  return *document;
}

TEST(OpenApi, IsWellFormed) {
  EXPECT_EQ(V2().at("swagger"), "2.0");
  EXPECT_EQ(V3().at("openapi"), "3.0.0");
  ExpectEveryRefResolves(V2());
  ExpectEveryRefResolves(V3());
  ExpectOperations(V2().at("paths"));
  ExpectOperations(V3().at("paths"));
}

TEST(OpenApi, EveryKindHasItsDefinitionAndPaths) {
  for (const Kind& kind : KindRegistry::Get().kinds()) {
    const std::string name = kind.descriptor->full_name();
    for (const json& schemas : {V2().at("definitions"), V3().at("components").at("schemas")}) {
      ASSERT_TRUE(schemas.contains(name)) << name;
      ASSERT_TRUE(schemas.contains(name + "List")) << name;
      EXPECT_EQ(schemas.at(name).at("x-kubernetes-group-version-kind"),
                json::parse(R"([{"group":"reeve","version":"v1","kind":")" + kind.name + "\"}]"));
    }
    const std::string path = std::string("/apis/reeve/v1/") +
                             (kind.namespaced() ? "namespaces/{namespace}/" : "") + kind.plural;
    EXPECT_TRUE(V2().at("paths").contains(path)) << path;
    EXPECT_TRUE(V3().at("paths").contains(path + "/{name}")) << path;
  }
}

// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
TEST(OpenApi, SaysHowListsMerge) {
  const json& process = V2().at("definitions").at("reeve.v1.ProcessSpec").at("properties");
  const json& env = process.at("env");
  EXPECT_EQ(env.at("x-kubernetes-list-type"), "map");
  EXPECT_EQ(env.at("x-kubernetes-list-map-keys"), json::array({"name"}));
  EXPECT_EQ(env.at("x-kubernetes-patch-merge-key"), "name");
  EXPECT_EQ(env.at("x-kubernetes-patch-strategy"), "merge");
  EXPECT_EQ(process.at("command").at("x-kubernetes-list-type"), "atomic");
  const json& spec = V2().at("definitions").at("reeve.v1.SiteSpec").at("properties");
  EXPECT_EQ(spec.at("domains").at("x-kubernetes-list-type"), "set");
}

TEST(OpenApi, DescribesFieldsByTheirComments) {
  const json& spec = V2().at("definitions").at("reeve.v1.SiteSpec");
  EXPECT_EQ(spec.at("properties").at("replicas").at("description"),
            "How many copies, each on a host of its own unless hosts are named.");
  EXPECT_EQ(spec.at("properties").at("replicas").at("default"), 1);
  EXPECT_EQ(spec.at("properties").at("replicas").at("maximum"), 100);
  EXPECT_EQ(spec.at("required"), json::array({"type"}));
  EXPECT_EQ(spec.at("properties").at("type").at("enum"), json::array({"Static", "Process"}));
}

TEST(OpenApi, MetadataIsKubernetesOwn) {
  const json& schemas = V3().at("components").at("schemas");
  const std::string prefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";
  for (const char* name : {"ObjectMeta", "ManagedFieldsEntry", "OwnerReference", "Condition",
                           "Status", "DeleteOptions", "ListMeta", "FieldsV1"})
    EXPECT_TRUE(schemas.contains(prefix + name)) << name;
  const json& entry = schemas.at(prefix + "ManagedFieldsEntry").at("properties");
  EXPECT_TRUE(entry.contains("fieldsV1"));
  EXPECT_FALSE(entry.contains("fields"));
  EXPECT_TRUE(schemas.at(prefix + "OwnerReference").at("properties").contains("apiVersion"));
}

// kubectl asks for the protobuf form only (client-go, discovery_client.go, OpenAPISchema), and
// finds server-side dry run by the parameter dryRun of a patch with the kind's extension
// (k8s.io/kubectl, pkg/util/openapi/dryrun.go).
TEST(OpenApi, TheProtobufFormSaysTheSame) {
  openapi::v2::Document document;
  ASSERT_TRUE(document.ParseFromString(OpenApiV2Proto(KindRegistry::Get())));
  EXPECT_EQ(document.swagger(), "2.0");
  EXPECT_EQ(document.paths().path_size(), static_cast<int>(V2().at("paths").size()));
  EXPECT_EQ(document.definitions().additional_properties_size(),
            static_cast<int>(V2().at("definitions").size()));
  bool dry_run = false;
  for (const auto& path : document.paths().path()) {
    if (path.name() != "/apis/reeve/v1/namespaces/{namespace}/sites/{name}") continue;
    const auto& patch = path.value().patch();
    EXPECT_EQ(patch.vendor_extension(1).name(), "x-kubernetes-group-version-kind");
    EXPECT_EQ(json::parse(patch.vendor_extension(1).value().yaml()),
              json::parse(R"({"group":"reeve","kind":"Site","version":"v1"})"));
    for (const auto& item : patch.parameters()) {
      const auto& query = item.parameter().non_body_parameter().query_parameter_sub_schema();
      dry_run = dry_run || query.name() == "dryRun";
    }
  }
  EXPECT_TRUE(dry_run);
}

// A kind that the product does not have, whole: nothing but its declaration made this.
TEST(OpenApi, OfTheSampleKind) {
  const KindRegistry kinds(reeve::testing::Object::descriptor());
  json document = json::parse(OpenApiV2(kinds));
  json sample;
  for (const char* name : {"reeve.testing.Backup", "reeve.testing.BackupSpec",
                           "reeve.testing.Target", "reeve.testing.BackupStatus"})
    sample["definitions"][name] = document.at("definitions").at(name);
  for (const char* path :
       {"/apis/reeve/v1/backups", "/apis/reeve/v1/namespaces/{namespace}/backups",
        "/apis/reeve/v1/namespaces/{namespace}/backups/{name}"})
    sample["paths"][path] = document.at("paths").at(path);
  ExpectGolden("proto/schema/testdata/openapi_sample.json", sample.dump(1) + "\n");
}

}  // namespace
}  // namespace reeve::schema
