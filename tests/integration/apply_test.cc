// Applying what is already so writes nothing: counted by the store's revision, which every durable
// write moves.
#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"
#include "tests/integration/estate.h"

namespace reeve::integration {
namespace {

constexpr char kManifests[] = R"(apiVersion: reeve/v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: reeve/v1
kind: Host
metadata:
  name: h1
  labels: {zone: a}
---
apiVersion: reeve/v1
kind: Site
metadata:
  name: blog
  namespace: shop
spec:
  type: Static
  replicas: 0
  domains: [a.example.test, b.example.test]
---
apiVersion: reeve/v1
kind: Site
metadata:
  name: app
  namespace: shop
spec:
  type: Process
  placement: {hosts: [h1]}
  process:
    command: [node, server.js]
    port: 20005
    env:
      - {name: MODE, value: production}
  health: {httpPath: /, interval: 5s}
)";

TEST(Apply, UnchangedManifestsWriteNothing) {
  Estate estate;
  ASSERT_OK(estate.Start());
  const Said first = estate.Ctl({"apply", "-f", "-"}, kManifests);
  ASSERT_EQ(first.code, 0) << first.err;
  const int64_t before = estate.Revision();
  for (int i = 0; i < 10; ++i) {
    const Said again = estate.Ctl({"apply", "-f", "-"}, kManifests);
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(
        again.out,
        "namespace/shop unchanged\nhost/h1 unchanged\nsite/blog unchanged\nsite/app unchanged\n");
  }
  EXPECT_EQ(estate.Revision(), before);
}

// The first time, ctl becomes the manager of the defaults that get printed: one write of metadata.
TEST(Apply, WhatGetPrintsCanBeAppliedAndChangesNothing) {
  Estate estate;
  ASSERT_OK(estate.Start());
  ASSERT_EQ(estate.Ctl({"apply", "-f", "-"}, kManifests).code, 0);
  const Said printed = estate.Ctl({"get", "site/app", "-n", "shop", "-o", "yaml"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  ASSERT_EQ(estate.Ctl({"apply", "-f", "-"}, printed.out).code, 0);
  const int64_t before = estate.Revision();
  EXPECT_EQ(estate.Ctl({"apply", "-f", "-"}, printed.out).out, "site/app unchanged\n");
  EXPECT_EQ(estate.Revision(), before);
  ASSERT_OK_AND_ASSIGN(const v1::Object site, estate.api()->Get({"Site", "shop", "app"}));
  EXPECT_EQ(site.site().metadata().generation(), 1);
}

TEST(Apply, AChangeOfOneWritesOnce) {
  Estate estate;
  ASSERT_OK(estate.Start());
  ASSERT_EQ(estate.Ctl({"apply", "-f", "-"}, kManifests).code, 0);
  const int64_t before = estate.Revision();
  std::string changed = kManifests;
  changed.replace(changed.find("production"), 10, "debug");
  const Said said = estate.Ctl({"apply", "-f", "-"}, changed);
  EXPECT_EQ(
      said.out,
      "namespace/shop unchanged\nhost/h1 unchanged\nsite/blog unchanged\nsite/app configured\n")
      << said.err;
  EXPECT_EQ(estate.Revision(), before + 1);
}

TEST(Apply, WhatIsTakenOutOfAManifestIsRemoved) {
  Estate estate;
  ASSERT_OK(estate.Start());
  ASSERT_EQ(estate.Ctl({"apply", "-f", "-"}, kManifests).code, 0);
  std::string changed = kManifests;
  changed.replace(changed.find("a.example.test, "), 16, "");
  changed.replace(changed.find("  labels: {zone: a}\n"), 20, "");
  const Said said = estate.Ctl({"apply", "-f", "-"}, changed);
  EXPECT_EQ(said.code, 0) << said.err;
  ASSERT_OK_AND_ASSIGN(const v1::Object blog, estate.api()->Get({"Site", "shop", "blog"}));
  ASSERT_EQ(blog.site().spec().domains_size(), 1);
  EXPECT_EQ(blog.site().spec().domains(0), "b.example.test");
  ASSERT_OK_AND_ASSIGN(const v1::Object host, estate.api()->Get({"Host", "", "h1"}));
  EXPECT_TRUE(host.host().metadata().labels().empty());
}

TEST(Apply, AConflictNamesThePlaceAndTheManager) {
  Estate estate;
  ASSERT_OK(estate.Start());
  ASSERT_EQ(estate.Ctl({"apply", "-f", "-", "--field-manager", "gitops"}, kManifests).code, 0);
  const int64_t before = estate.Revision();
  std::string changed = kManifests;
  changed.replace(changed.find("20005"), 5, "20006");
  const Said said = estate.Ctl({"apply", "-f", "-"}, changed);
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err,
            "STDIN:32:5: spec.process.port: is managed by \"gitops\"\n"
            "These fields have other managers. To manage them from here, apply with "
            "--force-conflicts; to\nleave them to the others, take them out of the manifest.\n");
  EXPECT_EQ(estate.Revision(), before);
  EXPECT_EQ(estate.Ctl({"apply", "-f", "-", "--force-conflicts"}, changed).code, 0);
}

}  // namespace
}  // namespace reeve::integration
