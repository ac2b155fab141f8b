#include "base/field_path.h"

#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"

namespace reeve {
namespace {

TEST(FieldPath, PrintsAsPeopleWriteIt) {
  const FieldPath path = FieldPath().Child("spec").Child("endpoints").At(0).Child("domain");
  EXPECT_EQ(path.ToString(), "spec.endpoints[0].domain");
  EXPECT_EQ(FieldPath().Child("metadata").Child("labels").AtKey("team").ToString(),
            "metadata.labels[team]");
}

TEST(FieldPath, ParsesWhatItPrints) {
  for (const char* text :
       {"spec", "spec.endpoints[0].domain", "metadata.labels[team]", R"(metadata.labels["a.b/c"])",
        R"(x["0"].y)", "x[-0]", R"(x["q\"\\"])"}) {
    ASSERT_OK_AND_ASSIGN(const FieldPath path, FieldPath::Parse(text));
    EXPECT_EQ(path.ToString(), text);
  }
}

TEST(FieldPath, ANumberWithASignIsAKey) {
  ASSERT_OK_AND_ASSIGN(const FieldPath path, FieldPath::Parse("x[-0]"));
  EXPECT_EQ(path, FieldPath().Child("x").AtKey("-0"));
}

TEST(FieldPath, RefusesBrokenText) {
  for (const char* text : {"a..b", "a[", "a[]", "a[\"b]", ".a", "a]b[", "a[0]b"}) {
    EXPECT_THAT(FieldPath::Parse(text), IsError(absl::StatusCode::kInvalidArgument, "field path"))
        << text;
  }
}

TEST(FieldPath, KnowsParentsAndPrefixes) {
  ASSERT_OK_AND_ASSIGN(const FieldPath path, FieldPath::Parse("spec.a[1].b"));
  EXPECT_EQ(path.Parent().ToString(), "spec.a[1]");
  EXPECT_TRUE(path.StartsWith(path.Parent()));
  EXPECT_FALSE(path.Parent().StartsWith(path));
}

}  // namespace
}  // namespace reeve
