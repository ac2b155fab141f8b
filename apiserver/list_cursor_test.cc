#include "apiserver/list_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apiserver/keys.h"
#include "apiserver/testing/registry_fixture.h"

namespace reeve::apiserver {
namespace {

using ListCursorTest = RegistryTest;
using Names = std::vector<std::string>;

// The next `count` names, and whether those were the last.
std::pair<Names, bool> Next(ListCursor* cursor, size_t count) {
  Names names;
  const absl::StatusOr<bool> end = cursor->Next([&](const store::Version& version) {
    names.emplace_back(NameOfObjectKey(version.key));
    return names.size() < count;
  });
  EXPECT_OK(end);
  return {names, end.ok() && *end};
}

v1::ListRequest Sites(int limit, const std::string& labels = "") {
  v1::ListRequest request;
  request.mutable_selector()->set_kind("Site");
  request.mutable_selector()->set_labels(labels);
  request.set_limit(limit);
  return request;
}

TEST_F(ListCursorTest, SomeAtATimeIsTheSameListAsAllAtOnce) {
  for (const char* name : {"e", "b", "d", "a", "c"}) Create(MakeStaticSite(name));
  v1::ListSummary whole;
  ASSERT_OK(TryList(Sites(0), &whole));
  auto cursor = *api_->OpenList(Identity::Admin(), Sites(0));
  EXPECT_EQ(Next(cursor.get(), 2), std::pair(Names({"a", "b"}), false));
  ASSERT_OK(TryDelete("Site", "default", "d"));  // Not seen: it is of one revision.
  EXPECT_EQ(Next(cursor.get(), 2), std::pair(Names({"c", "d"}), false));
  EXPECT_EQ(Next(cursor.get(), 2), std::pair(Names({"e"}), true));
  EXPECT_EQ(cursor->Summary().SerializeAsString(), whole.SerializeAsString());
}

TEST_F(ListCursorTest, LimitsCountAcrossTheTimes) {
  for (const char* name : {"a", "b", "c"}) Create(MakeStaticSite(name));
  auto cursor = *api_->OpenList(Identity::Admin(), Sites(2));
  EXPECT_EQ(Next(cursor.get(), 1), std::pair(Names({"a"}), false));
  EXPECT_EQ(Next(cursor.get(), 5), std::pair(Names({"b"}), true));
  EXPECT_EQ(cursor->Summary().count(), 2);
  v1::ListRequest rest = Sites(2);
  rest.set_continue_(cursor->Summary().continue_());
  cursor = *api_->OpenList(Identity::Admin(), rest);
  EXPECT_EQ(Next(cursor.get(), 5), std::pair(Names({"c"}), true));
  EXPECT_EQ(cursor->Summary().continue_(), "");
}

TEST_F(ListCursorTest, SelectorsLookInside) {
  for (const char* name : {"a", "b", "c"}) {
    v1::Object site = MakeStaticSite(name);
    if (*name != 'b') (*Meta(&site)->mutable_labels())["team"] = "red";
    Create(site);
  }
  const auto cursor = *api_->OpenList(Identity::Admin(), Sites(0, "team=red"));
  EXPECT_EQ(Next(cursor.get(), 1), std::pair(Names({"a"}), false));
  EXPECT_EQ(Next(cursor.get(), 9), std::pair(Names({"c"}), true));
}

}  // namespace
}  // namespace reeve::apiserver
