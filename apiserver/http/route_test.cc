#include "apiserver/http/route.h"

#include <gmock/gmock.h>

#include "apiserver/http/negotiation.h"
#include "base/testing/status_matchers.h"

namespace reeve::apiserver {
namespace {

using Type = Route::Type;

std::string Shown(const Route& route) {
  return fmt::format("{}/{}/{}/{}", route.kind == nullptr ? "-" : route.kind->name, route.ns,
                     route.name, route.subresource);
}

TEST(Route, ResourcesInEveryForm) {
  const struct {
    std::string path;
    Type type;
    std::string shown;
  } cases[] = {
      {"/apis/reeve/v1/sites", Type::kCollection, "Site///"},
      {"/apis/reeve/v1/namespaces/shop/sites", Type::kCollection, "Site/shop//"},
      {"/apis/reeve/v1/namespaces/shop/sites/blog", Type::kObject, "Site/shop/blog/"},
      {"/apis/reeve/v1/namespaces/shop/sites/blog/", Type::kObject, "Site/shop/blog/"},
      {"/apis/reeve/v1/namespaces/shop/sites/blog/scale", Type::kSubresource,
       "Site/shop/blog/scale"},
      {"/apis/reeve/v1/hosts/h1/status", Type::kSubresource, "Host//h1/status"},
      {"/apis/reeve/v1/namespaces", Type::kCollection, "Namespace///"},
      {"/apis/reeve/v1/namespaces/shop", Type::kObject, "Namespace//shop/"},
      {"/apis/reeve/v1/namespaces/shop/status", Type::kSubresource, "Namespace//shop/status"},
      {"/apis/reeve/v1/namespaces/shop/domains/a%2Eexample.test", Type::kObject,
       "Domain/shop/a.example.test/"},
      {"/api/v1/namespaces/shop", Type::kObject, "Namespace//shop/"},
      {"/api/v1/namespaces/shop/events", Type::kCollection, "Event/shop//"},
  };
  for (const auto& c : cases) {
    const Route route = ParseRoute(c.path);
    EXPECT_EQ(route.type, c.type) << c.path;
    EXPECT_EQ(Shown(route), c.shown) << c.path;
    EXPECT_EQ(route.core, c.path.starts_with("/api/")) << c.path;
  }
}

TEST(Route, WhatIsNotThereIsNothing) {
  for (const char* path :
       {"/apis/reeve/v2/sites", "/apis/other/v1", "/apis/reeve/v1/pods", "/api/v1/pods",
        "/api/v1/namespaces/shop/sites", "/apis/reeve/v1/sites/blog",  // Of which namespace?
        "/apis/reeve/v1/namespaces/shop/hosts", "/apis/reeve/v1/namespaces/shop/hosts/h1",
        "/apis/reeve/v1/hosts/h1/scale", "/apis/reeve/v1/namespaces/shop/sites/blog/logs",
        "/apis/reeve/v1/namespaces/shop/sites/blog/scale/x", "/apis//v1", "/livez/x", "/%zz",
        "/openapi/v3/apis/other/v1"}) {
    EXPECT_EQ(ParseRoute(path).type, Type::kNone) << path;
  }
}

TEST(Route, Documents) {
  EXPECT_EQ(ParseRoute("/").type, Type::kRoot);
  EXPECT_EQ(ParseRoute("/api").type, Type::kCoreVersions);
  EXPECT_EQ(ParseRoute("/api/v1").type, Type::kCoreResources);
  EXPECT_EQ(ParseRoute("/apis").type, Type::kGroups);
  EXPECT_EQ(ParseRoute("/apis/reeve").type, Type::kGroup);
  EXPECT_EQ(ParseRoute("/apis/reeve/v1").type, Type::kResources);
  EXPECT_EQ(ParseRoute("/openapi/v2").type, Type::kOpenApiV2);
  EXPECT_EQ(ParseRoute("/openapi/v3").type, Type::kOpenApiV3Root);
  EXPECT_EQ(ParseRoute("/openapi/v3/apis/reeve/v1").type, Type::kOpenApiV3);
  EXPECT_EQ(ParseRoute("/readyz").name, "readyz");
}

TEST(Route, QueriesAreUnescaped) {
  const auto target =
      ParseTarget("/x?labelSelector=a%3Db%2Cc+in+(d)&watch=true&empty=&bare&limit=2");
  ASSERT_OK(target.status());
  EXPECT_EQ(target->path, "/x");
  EXPECT_EQ(Param(target->query, "labelSelector"), "a=b,c in (d)");
  EXPECT_TRUE(BoolParam(target->query, "watch"));
  EXPECT_TRUE(BoolParam(target->query, "bare"));
  EXPECT_TRUE(BoolParam(ParseTarget("/x?watch=True")->query, "watch"));  // Python's.
  EXPECT_FALSE(BoolParam(ParseTarget("/x?watch=false")->query, "watch"));
  EXPECT_FALSE(BoolParam(target->query, "absent"));
  EXPECT_EQ(Param(target->query, "limit"), "2");
  EXPECT_EQ(Param(target->query, "absent"), "");
  EXPECT_FALSE(ParseTarget("/x?a=%z1").ok());
  EXPECT_FALSE(ParseTarget("/x?dryRun=All&dryRun=").ok());
  EXPECT_FALSE(ParseTarget("/x?a=%1").ok());
  EXPECT_FALSE(ParseTarget("http://elsewhere/").ok());
  EXPECT_FALSE(ParseTarget("").ok());
}

TEST(Negotiation, TheFirstFormThatCanBeServed) {
  const auto form = [](std::string_view header) {
    const auto accepted = ParseAccept(header);
    return accepted.ok()
               ? fmt::format("{}{}", static_cast<int>(accepted->form), accepted->beta ? "b" : "")
               : "none";
  };
  EXPECT_EQ(form(""), "0");
  EXPECT_EQ(form("*/*"), "0");
  EXPECT_EQ(form("application/json, */*"), "0");
  EXPECT_EQ(form("application/json;as=Table;v=v1;g=meta.k8s.io,"
                 "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"),
            "1");
  EXPECT_EQ(form("application/json;as=Table;g=meta.k8s.io;v=v1beta1, application/json"), "1b");
  EXPECT_EQ(form("application/json;as=Table;v=v9;g=meta.k8s.io,application/json"), "0");
  EXPECT_EQ(form("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"), "2");
  EXPECT_EQ(form("application/vnd.kubernetes.protobuf,application/json"), "0");
  EXPECT_EQ(form("application/vnd.kubernetes.protobuf"), "none");
}

TEST(Negotiation, PrefersWhatComesBeforeJson) {
  EXPECT_TRUE(Prefers("a/proto", "a/proto"));
  EXPECT_TRUE(Prefers("x/y, a/proto;q=1, application/json", "a/proto"));
  EXPECT_FALSE(Prefers("application/json, a/proto", "a/proto"));
  EXPECT_FALSE(Prefers("*/*", "a/proto"));
}

}  // namespace
}  // namespace reeve::apiserver
