#include "proto/schema/list_hash.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace reeve::schema {
namespace {

v1::ObjectMeta Meta(const std::string& name, const std::string& version) {
  v1::ObjectMeta meta;
  meta.set_namespace_("default");
  meta.set_name(name);
  meta.set_resource_version(version);
  return meta;
}

std::string HashOf(const std::vector<v1::ObjectMeta>& metas) {
  ListHash hash;
  for (const v1::ObjectMeta& meta : metas) hash.Add(meta);
  return hash.Digest();
}

TEST(ListHash, EqualListsHashEqually) {
  EXPECT_EQ(HashOf({Meta("a", "1"), Meta("b", "2")}), HashOf({Meta("a", "1"), Meta("b", "2")}));
}

TEST(ListHash, LossOrderAndVersionShow) {
  const std::string whole = HashOf({Meta("a", "1"), Meta("b", "2")});
  EXPECT_NE(whole, HashOf({Meta("a", "1")}));
  EXPECT_NE(whole, HashOf({Meta("b", "2"), Meta("a", "1")}));
  EXPECT_NE(whole, HashOf({Meta("a", "1"), Meta("b", "3")}));
  EXPECT_NE(HashOf({Meta("ab", "1")}), HashOf({Meta("a", "b1")}));
}

TEST(ListHash, CountsItems) {
  ListHash hash;
  EXPECT_EQ(hash.count(), 0);
  hash.Add(Meta("a", "1"));
  EXPECT_EQ(hash.count(), 1);
}

}  // namespace
}  // namespace reeve::schema
