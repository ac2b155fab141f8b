// The examples of Kubernetes' page "JSONPath Support", and what kubectl prints for the rest.
#include "ctl/jsonpath.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/status_matchers.h"
#include "proto/schema/json_node.h"

namespace reeve::ctl {
namespace {

// The page's input.
constexpr std::string_view kDocument = R"({
  "kind": "List",
  "items": [
    {"kind": "None", "metadata": {"name": "127.0.0.1",
                                  "labels": {"kubernetes.io/hostname": "n1"}},
     "status": {"capacity": {"cpu": "4"},
                "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}]}},
    {"kind": "None", "metadata": {"name": "127.0.0.2"},
     "status": {"capacity": {"cpu": "8"},
                "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.2"},
                              {"type": "another", "address": "127.0.0.3"}]}}
  ],
  "users": [
    {"name": "myself", "user": {}},
    {"name": "e2e", "user": {"username": "admin", "password": "secret"}}
  ],
  "numbers": [3, 1, 2.5],
  "truths": [{"on": true, "n": 1}, {"on": false, "n": 2}]
})";

schema::Node Document() {
  schema::Problems problems;
  schema::Node node = schema::ParseJson(kDocument, &problems);
  EXPECT_TRUE(problems.empty());
  return node;
}

// What a template prints, or its error.
std::string Print(std::string_view text) {
  const schema::Node document = Document();
  const absl::StatusOr<JsonTemplate> parsed = JsonTemplate::Parse(text);
  if (!parsed.ok()) return std::string(parsed.status().message());
  const absl::StatusOr<std::string> printed = parsed->Render(document);
  return printed.ok() ? *printed : std::string(printed.status().message());
}

struct Case {
  std::string_view text;
  std::string_view printed;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(Print(c.text), c.printed) << c.text;
}

TEST(JsonPath, TheDocumentedFunctions) {
  Check({
      {"kind is {.kind}", "kind is List"},
      {"{['kind']}", "List"},
      {"{..name}", "127.0.0.1 127.0.0.2 myself e2e"},
      {"{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"},
      {"{.users[0].name}", "myself"},
      {"{.items[*]['metadata.name', 'status.capacity']}",
       R"(127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"})"},
      {R"({.users[?(@.name=="e2e")].user.password})", "secret"},
      {"{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
       R"([127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] )"},
      {"{range .items[*]}{.metadata.name}{'\\t'}{end}", "127.0.0.1\t127.0.0.2\t"},
      {R"({.items[0].metadata.labels.kubernetes\.io/hostname})", "n1"},
      {R"({.items[0].metadata.labels['kubernetes\.io/hostname']})", "n1"},
      {R"({range .items[*]}{.metadata.name}{"\n"}{end})", "127.0.0.1\n127.0.0.2\n"},
  });
  EXPECT_THAT(Print("{@}"), testing::StartsWith(R"({"kind":"List","items":[{)"));
}

TEST(JsonPath, ListsFromBothEnds) {
  Check({
      {"{.numbers}", "[3,1,2.5]"},
      {"{.numbers[-1]}", "2.5"},
      {"{.numbers[-3]}", "3"},
      {"{.numbers[0:2]}", "3 1"},
      {"{.numbers[1:]}", "1 2.5"},
      {"{.numbers[:-1]}", "3 1"},
      {"{.numbers[-2:]}", "1 2.5"},
      {"{.numbers[0:3:2]}", "3 2.5"},
      {"{.numbers[0,2]}", "3 2.5"},
      {"{.numbers.*}", "3 1 2.5"},
      {"{.users[1].user.*}", "admin secret"},
  });
}

TEST(JsonPath, Filters) {
  Check({
      {"{.users[?(@.user.username)].name}", "e2e"},
      {R"({.users[?(@.name!="e2e")].name})", "myself"},
      {R"({.users[?(@.name>'f')].name})", "myself"},
      {"{.truths[?(@.on==true)].n}", "1"},
      {"{.truths[?(@.n>=2)].on}", "false"},
      {"{.truths[?(@.n<1.5)].on}", "true"},
      {"{.numbers[?(@ > 2)]}", "3 2.5"},
      {R"({.items[?(@.status.addresses[?(@.type=="another")])].metadata.name})", "127.0.0.2"},
      {R"({..addresses[?(@.type=="another")].address})", "127.0.0.3"},
      {R"({.users[?( "e2e" == @.name )].name})", "e2e"},
      {"{.users[?(@.nope==1)].name}", ""},
  });
}

TEST(JsonPath, RangesInRanges) {
  Check({
      {"{range .items[*]}{.metadata.name}:{range .status.addresses[*]} {.type}{end};{end}",
       "127.0.0.1: LegacyHostIP;127.0.0.2: LegacyHostIP another;"},
      {"{range .nope[*]}x{end}y", "y"},
      {"{ range .users[*] }{ .name } {end}", "myself e2e "},
  });
}

TEST(JsonPath, WhatIsNotThereIsNothing) {
  Check({
      {"{.nope}", ""},
      {"{.nope.nope[3]}", ""},
      {"{.kind.nope}", ""},
      {"{.users.name}", ""},
      {"{.users[*].user.username}", "admin"},
      {"{$.kind}", "List"},
      {"a}b", "a}b"},
      {".kind", ".kind"},
      {"", ""},
  });
}

TEST(JsonPath, ErrorsNameTheColumn) {
  Check({
      {"{.a", "error parsing jsonpath {.a: column 1: '{' without its '}'"},
      {"{.users[}", "error parsing jsonpath {.users[}: column 8: '[' without its ']'"},
      {"{.users[0}", "error parsing jsonpath {.users[0}: column 8: '[' without its ']'"},
      {"{.users[name]}",
       "error parsing jsonpath {.users[name]}: column 9: is no index: a number, *, or 'name'"},
      {"{.users[::0]}",
       "error parsing jsonpath {.users[::0]}: column 11: a step must be at least 1"},
      {"{.users[99999999999]}",
       "error parsing jsonpath {.users[99999999999]}: column 9: is no index: \"99999999999\""},
      {"{end}", "error parsing jsonpath {end}: column 1: {end} without a {range}"},
      {"x{range .users[*]}y",
       "error parsing jsonpath x{range .users[*]}y: column 2: {range} "
       "without its {end}"},
      {"{kind}",
       "error parsing jsonpath {kind}: column 2: a path begins with '.', '[', '$' or "
       "'@', a text with a quote"},
      {"{'x}", "error parsing jsonpath {'x}: column 2: a quote without its end"},
      {"{.a b}", "error parsing jsonpath {.a b}: column 5: unexpected 'b'"},
      {"{.a[?(@.b=='c' && @.d)]}",
       "error parsing jsonpath {.a[?(@.b=='c' && @.d)]}: column 16: "
       "unexpected '&' in a filter"},
      {"{.a[?(x)]}",
       "error parsing jsonpath {.a[?(x)]}: column 7: is neither a path nor a value: "
       "\"x\""},
      {"{.a[?@.b]}",
       "error parsing jsonpath {.a[?@.b]}: column 6: a filter is in parentheses: "
       "?(@.name==\"x\")"},
  });
}

TEST(JsonPath, ErrorsOfTheDocument) {
  Check({
      {"{.users[5].name}",
       "error executing jsonpath: array index out of bounds: index 5, length 2"},
      {"{.users[-5].name}",
       "error executing jsonpath: array index out of bounds: index -3, length 2"},
      {"{.users[0:5].name}",
       "error executing jsonpath: array index out of bounds: index 4, length 2"},
      {"{.users[?(@.name==1)].name}",
       "error executing jsonpath: incompatible types for comparison: myself and 1"},
  });
}

TEST(JsonPath, NestingHasAnEnd) {
  std::string text, path;
  for (int i = 0; i < 1000; ++i) text += "{range .a}";
  EXPECT_THAT(Print(text), testing::HasSubstr("is too deep"));
  path = "{.a";
  for (int i = 0; i < 1000; ++i) path += "[?(@.a";
  EXPECT_THAT(Print(path), testing::HasSubstr("is too deep"));
}

TEST(JsonPath, APathAloneNeedsNoBraces) {
  const schema::Node document = Document();
  for (const char* text :
       {"{.users[0].name}", ".users[0].name", "users[0].name", " {.users[0].name} "}) {
    ASSERT_OK_AND_ASSIGN(const JsonPath path, JsonPath::Parse(text));
    ASSERT_OK_AND_ASSIGN(const Nodes found, path.Find(document));
    ASSERT_EQ(found.size(), 1u) << text;
    EXPECT_EQ(NodeText(*found[0]), "myself");
  }
  EXPECT_THAT(JsonPath::Parse("{.a}x"),
              IsError(absl::StatusCode::kInvalidArgument,
                      "error parsing jsonpath {.a}x: column 5: unexpected 'x'"));
}

}  // namespace
}  // namespace reeve::ctl
