#include "proto/schema/selector.h"

#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"

namespace reeve::schema {
namespace {

using absl::StatusCode;

v1::Selector Select(const std::string& kind, const std::string& labels,
                    const std::string& fields = "") {
  v1::Selector selector;
  selector.set_kind(kind);
  selector.set_labels(labels);
  selector.set_fields(fields);
  return selector;
}

v1::Object Blog() {
  v1::Site site;
  site.mutable_metadata()->set_name("blog");
  site.mutable_metadata()->set_namespace_("a");
  (*site.mutable_metadata()->mutable_labels())["team"] = "red";
  (*site.mutable_metadata()->mutable_labels())["example.com/tier"] = "";
  return Wrap(site);
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
TEST(Selector, MatchesLabelsAsKubernetesDoes) {
  const std::pair<std::string, bool> cases[] = {
      {"", true},
      {"  ", true},
      {"team=red", true},
      {"team==red", true},
      {"team = red", true},
      {"team=blue", false},
      {"team!=blue", true},
      {"team!=red", false},
      {"none!=red", true},
      {"team", true},
      {"none", false},
      {"!none", true},
      {"!team", false},
      {"! team", false},
      {"team in (blue,red)", true},
      {"team in ( blue )", false},
      {"team notin (blue)", true},
      {"team notin (red, blue)", false},
      {"none notin (red)", true},
      {"example.com/tier", true},
      {"example.com/tier=", true},
      {"team=red,example.com/tier", true},
      {"team=red,!example.com/tier", false},
      {"team in (red),team!=blue,!none", true},
      // "The comma separator acts as a logical AND"; one key may be asked about twice.
      {"team=red,team=blue", false},
      {"team,team in (red, blue),team notin (blue)", true},
      // "all resources [...] with no labels with the [...] key" satisfy notin and !=.
      {"none notin (a,b)", true},
      {"none in (a,b)", false},
      {"none=", false},
      {"none!=", true},
      // An empty value is a value.
      {"example.com/tier in ()", true},
      {"example.com/tier in (,a)", true},
      {"team in (,a)", false},
      // Blanks of any kind, and words of the language as keys.
      {"team\tin\n(red ,\r\nblue)", true},
      {"in=red", false},
      {"!notin", true},
      {"in in (in)", false},
  };
  for (const auto& [labels, matches] : cases) {
    ASSERT_OK_AND_ASSIGN(const Matcher matcher, Matcher::Parse(Select("Site", labels)));
    EXPECT_EQ(matcher.Matches(Blog()), matches) << labels;
  }
}

TEST(Selector, MatchesIndexedFieldsKindAndNamespace) {
  const std::pair<std::string, bool> cases[] = {
      {"", true},
      {"metadata.name=blog", true},
      {"metadata.name==blog,metadata.namespace=a", true},
      {"metadata.name!=blog", false},
      {"metadata.name=shop", false},
  };
  for (const auto& [fields, matches] : cases) {
    ASSERT_OK_AND_ASSIGN(const Matcher matcher, Matcher::Parse(Select("sites", "", fields)));
    EXPECT_EQ(matcher.Matches(Blog()), matches) << fields;
  }
  v1::Selector selector = Select("st", "");
  selector.set_namespace_("b");
  EXPECT_FALSE(Matcher::Parse(selector)->Matches(Blog()));
  EXPECT_FALSE(Matcher::Parse(Select("Host", ""))->Matches(Blog()));
}

TEST(Selector, TellsWhatAnIndexCanServe) {
  ASSERT_OK_AND_ASSIGN(const Matcher matcher,
                       Matcher::Parse(Select("Work", "", "spec.host=h1,metadata.name!=x")));
  EXPECT_EQ(matcher.RequiredField("spec.host"), "h1");
  EXPECT_EQ(matcher.RequiredField("metadata.name"), "");
}

TEST(Selector, RefusesBadSyntax) {
  const std::tuple<std::string, std::string, std::string, std::string> cases[] = {
      {"Foo", "", "", "unknown kind \"Foo\""},
      {"Site", "=a", "", "is not a label selector"},
      {"Site", "a=b,", "", "is not a label selector"},
      {"Site", "a b", "", "expected =, !=, in or notin after \"a\""},
      {"Site", "a in b", "", "expected '('"},
      {"Site", "a in (b", "", "expected ')'"},
      {"Site", "a=b c", "", "expected ','"},
      {"Site", "a>1", "", "is not a label selector"},
      {"Site", "a=b!", "", "expected ','"},
      {"Site", "a=ä", "", "a value must be"},
      {"Site", "!a=b", "", "expected ','"},
      {"Site", "a==b==c", "", "expected ','"},
      {"Site", "a=b||c=d", "", "a value must be"},
      {"Site", ",a=b", "", "is not a label selector"},
      {"Site", "a in (b),,c", "", "is not a label selector"},
      {"Site", "a in (b c)", "", "expected ')'"},
      {"Site", "a notin b", "", "expected '('"},
      {"Site", "a In (b)", "", "expected =, !=, in or notin after \"a\""},
      {"Site", "!a in (b)", "", "expected ','"},
      {"Site", "!", "", "is not a label selector"},
      {"Site", "-a", "", "a key must"},
      {"Site", "a/b/c", "", "a key must"},
      {"Site", "a=" + std::string(64, 'x'), "", "a value must"},
      {"Site", std::string(64, 'x'), "", "a key must"},
      {"Site", "", "metadata.name", "expected field=value"},
      {"Site", "", "metadata.name in (a)", "expected field=value"},
      {"Site", "", "spec.replicas=1",
       "sites cannot be selected by \"spec.replicas\", only by metadata.name, metadata.namespace"},
      {"Work", "", "spec.nothing=1", "only by metadata.name, metadata.namespace, spec.host"},
      {"Work", "", "spec=1", "cannot be selected by \"spec\""},
  };
  for (const auto& [kind, labels, fields, error] : cases) {
    EXPECT_THAT(Matcher::Parse(Select(kind, labels, fields)),
                IsError(StatusCode::kInvalidArgument, error));
  }
}

TEST(Selector, NamesByTheirBeginning) {
  const auto matches = [](const std::string& fields) {
    const auto matcher = Matcher::Parse(Select("Site", "", fields));
    EXPECT_OK(matcher);
    return matcher.ok() && matcher->Matches(Blog());
  };
  EXPECT_TRUE(matches("metadata.name=bl*"));
  EXPECT_TRUE(matches("metadata.name=*"));
  EXPECT_TRUE(matches("metadata.name==blog*"));
  EXPECT_FALSE(matches("metadata.name=blogs*"));
  EXPECT_FALSE(matches("metadata.name=b*g"));
  ASSERT_OK_AND_ASSIGN(const Matcher matcher,
                       Matcher::Parse(Select("Site", "", "metadata.name=bl*")));
  EXPECT_EQ(matcher.NamePrefix(), "bl");
  EXPECT_EQ(matcher.RequiredField("metadata.name"), "");
  EXPECT_FALSE(matcher.MatchesAll());
}

}  // namespace
}  // namespace reeve::schema
