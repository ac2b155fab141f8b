#include "proto/schema/kube_json.h"

#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"

namespace reeve::schema {
namespace {

v1::Object Site() {
  v1::Site site;
  site.mutable_metadata()->set_name("blog");
  v1::OwnerReference* owner = site.mutable_metadata()->add_owner_references();
  owner->set_kind("Site");
  owner->set_name("shop");
  owner->set_uid("u1");
  v1::ManagedFieldsEntry* entry = site.mutable_metadata()->add_managed_fields();
  entry->set_manager("ctl");
  entry->set_operation("Apply");
  entry->mutable_time()->set_seconds(1767225600);
  entry->add_fields("spec.replicas");
  site.mutable_spec()->set_replicas(2);
  return Wrap(site);
}

constexpr std::string_view kMetadata =
    R"({"name":"blog","ownerReferences":[{"apiVersion":"reeve/v1","kind":"Site","name":"shop",)"
    R"("uid":"u1"}],"managedFields":[{"manager":"ctl","operation":"Apply",)"
    R"("time":"2026-01-01T00:00:00Z","apiVersion":"reeve/v1","fieldsType":"FieldsV1",)"
    R"("fieldsV1":{"f:spec":{"f:replicas":{}}}}]})";

// OwnerReference has apiVersion; ManagedFieldsEntry has apiVersion, fieldsType, fieldsV1:
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
TEST(KubeJson, WritesMetadataAsKubernetesHasIt) {
  EXPECT_EQ(ToKubeMetadataJson(Site()), kMetadata);
  EXPECT_EQ(ToKubeJson(Site()), fmt::format(R"({{"apiVersion":"reeve/v1","kind":"Site",)"
                                            R"("metadata":{},"spec":{{"replicas":2}}}})",
                                            kMetadata));
  EXPECT_EQ(ToKubePartialJson(Site()),
            fmt::format(R"({{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",)"
                        R"("metadata":{}}})",
                        kMetadata));
}

// managedFields are the server's; what kubectl sends without meaning it is no mistake.
TEST(KubeJson, ReadsWhatClientsSend) {
  v1::Object expected = Site();
  MutableMeta(&expected)->clear_managed_fields();
  const auto back = FromKubeJson(ToKubeJson(Site()));
  ASSERT_OK(back);
  EXPECT_EQ(Encode(**back), Encode(expected));
  const auto created = FromKubeJson(
      R"({"apiVersion":"reeve/v1","kind":"Site","metadata":{"name":"a","creationTimestamp":null,)"
      R"("selfLink":"/x","managedFields":null},"spec":{"placement":null},"status":{}})");
  ASSERT_OK(created);
  EXPECT_EQ(Meta(**created).name(), "a");
}

TEST(KubeJson, IsStrictOtherwise) {
  EXPECT_THAT(FromKubeJson(R"({"apiVersion":"reeve/v1","kind":"Site","spec":{"replica":1}})"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "unknown field \"spec.replica\", did you mean \"replicas\"?"));
  EXPECT_THAT(
      FromKubeJson(R"({"apiVersion":"reeve/v1","kind":"Site","spec":{"domains":["a.b",null]}})"),
      IsError(absl::StatusCode::kInvalidArgument, "null is no value"));
  EXPECT_THAT(FromKubeJson("{"), IsError(absl::StatusCode::kInvalidArgument, "not JSON"));
  EXPECT_THAT(FromKubeJson("null"), IsError(absl::StatusCode::kInvalidArgument, ""));
}

}  // namespace
}  // namespace reeve::schema
