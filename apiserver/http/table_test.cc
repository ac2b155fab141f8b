#include "apiserver/http/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::apiserver {
namespace {

constexpr int64_t kMade = 1767225600;

v1::Object Blog() {
  v1::Site site;
  site.mutable_metadata()->set_name("blog");
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_metadata()->mutable_creation_timestamp()->set_seconds(kMade);
  site.mutable_spec()->set_type(v1::SiteSpec::Static);
  site.mutable_spec()->add_domains("a.example");
  site.mutable_spec()->add_domains("b.example");
  site.mutable_status()->set_phase(v1::SiteStatus::Active);
  site.mutable_status()->set_replicas(2);
  site.mutable_status()->set_ready_replicas(1);
  return schema::Wrap(site);
}

std::string SiteTable(const TableOptions& options) {
  const v1::Object blog = Blog();
  return TableJson(*schema::KindRegistry::Get().FindByName("Site"), {&blog}, options);
}

TableOptions At(absl::Duration age) {
  TableOptions options;
  options.now = absl::FromUnixSeconds(kMade) + age;
  return options;
}

constexpr std::string_view kCells =
    R"("cells":["blog","1/2","a.example,b.example","Active","41s","Static","<none>","Unknown"])";

// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
TEST(Table, HasKubernetesFormAndThePrinterColumns) {
  TableOptions options = At(absl::Seconds(41));
  options.resource_version = "7";
  options.continue_token = "next";
  const std::string table = SiteTable(options);
  EXPECT_THAT(table,
              testing::StartsWith(
                  R"({"kind":"Table","apiVersion":"meta.k8s.io/v1",)"
                  R"("metadata":{"resourceVersion":"7","continue":"next"},)"
                  R"("columnDefinitions":[{"name":"Name","type":"string","format":"name",)"));
  EXPECT_THAT(table, testing::HasSubstr(R"({"name":"TYPE","type":"string","format":"",)"
                                        R"("description":"spec.type","priority":1})"));
  EXPECT_THAT(table, testing::HasSubstr(kCells));
  EXPECT_THAT(table,
              testing::HasSubstr(
                  R"("object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",)"
                  R"("metadata":{"name":"blog","namespace":"default",)"));
  EXPECT_THAT(table, testing::Not(testing::HasSubstr("spec\":{")));
}

// "includeObject": None, Metadata or Object.
TEST(Table, IncludesWhatIsAskedFor) {
  TableOptions options = At(absl::Seconds(41));
  options.headers = false;
  ASSERT_TRUE(ParseInclude("None", &options.include));
  EXPECT_EQ(SiteTable(options),
            fmt::format(R"({{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{{}},)"
                        R"("columnDefinitions":[],"rows":[{{{}}}]}})",
                        kCells));
  ASSERT_TRUE(ParseInclude("Object", &options.include));
  EXPECT_THAT(SiteTable(options),
              testing::HasSubstr(R"("object":{"apiVersion":"reeve/v1","kind":"Site",)"));
  ASSERT_TRUE(ParseInclude("", &options.include));
  EXPECT_EQ(options.include, TableOptions::Include::kMetadata);
  EXPECT_FALSE(ParseInclude("all", &options.include));
}

TEST(Table, KindsWithoutTellingNamesShowThemWide) {
  const std::string table =
      TableJson(*schema::KindRegistry::Get().FindByName("Event"), {}, TableOptions());
  EXPECT_THAT(table, testing::ContainsRegex("\"name\":\"Name\"[^}]*\"priority\":1"));
}

}  // namespace
}  // namespace reeve::apiserver
