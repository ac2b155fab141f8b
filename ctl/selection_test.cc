#include "ctl/selection.h"

#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"

namespace reeve::ctl {
namespace {

std::string Text(const std::vector<std::string>& args) {
  const auto selections = ParseSelections(args, "get");
  if (!selections.ok()) return std::string(selections.status().message());
  std::string text;
  for (const Selection& selection : *selections) {
    text += selection.kind->name + "[";
    for (const std::string& name : selection.names) text += name + " ";
    text += "]";
  }
  return text;
}

TEST(Selection, KindsInAnySpelling) {
  for (const char* alias : {"sites", "site", "st", "Site", "SITES"})
    EXPECT_EQ(Text({alias}), "Site[]") << alias;
}

TEST(Selection, Forms) {
  EXPECT_EQ(Text({"site", "blog", "app"}), "Site[blog app ]");
  EXPECT_EQ(Text({"site/blog", "site/app", "host/h1"}), "Site[blog app ]Host[h1 ]");
  EXPECT_EQ(Text({"sites,hosts"}), "Site[]Host[]");
  EXPECT_EQ(Text({"site,host", "x"}), "Site[x ]Host[x ]");
}

TEST(Selection, Refusals) {
  EXPECT_EQ(Text({"foos"}), "the server doesn't have a resource type \"foos\"");
  EXPECT_EQ(Text({"sitse"}),
            "the server doesn't have a resource type \"sitse\"; did you mean \"site\"?");
  EXPECT_NE(Text({}).find("You must specify the type of resource to get"), std::string::npos);
  EXPECT_NE(Text({"site", "site/blog"}).find("no need to specify a resource type"),
            std::string::npos);
  EXPECT_NE(Text({"site/"}).find("single resource and name"), std::string::npos);
  EXPECT_NE(Text({"site/a/b"}).find("single resource and name"), std::string::npos);
}

TEST(Selection, One) {
  ASSERT_OK_AND_ASSIGN(const One one, ParseOne({"site/blog"}, "deploy"));
  EXPECT_EQ(one.name, "blog");
  EXPECT_THAT(ParseOne({"sites"}, "deploy"),
              IsError(absl::StatusCode::kInvalidArgument, "one object"));
}

}  // namespace
}  // namespace reeve::ctl
