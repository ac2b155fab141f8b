// Rows 1-25: what manifests may not be. docs/hostile-inputs.md says which is which.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/testing/status_matchers.h"
#include "tests/hostile/hostile.h"
#include "tests/support/channels.h"

namespace reeve::hostile {
namespace {

using namespace std::string_literals;
using integration::Said;

const char kAnchors[] = "anchors (&) and aliases (*) are not supported\n";
const char kNoTags[] = "tags (!) are not supported\n";

// Nine levels of ten aliases each: CVE-2019-11253.
std::string BillionLaughs() {
  std::string text = Site("lol", "spec:\n  type: Static\n") + "a0: &a0 [lol]\n";
  for (int level = 1; level <= 9; ++level) {
    text += fmt::format("a{0}: &a{0} [{1}]\n", level, Repeat(fmt::format("*a{},", level - 1), 10));
  }
  return text;
}

std::string Type(const std::string& type) { return Site("a", "spec:\n  type: " + type + "\n"); }

std::vector<Refused> Trees() {
  return {
      {"N01_BillionLaughs", BillionLaughs(),
       "STDIN:7:1: unknown field \"a0\"\nSTDIN:7:5: "s + kAnchors, false},
      {"N02_AnAliasOfItself", Site("a", "spec: &a [*a]\n"),
       "STDIN:5:7: "s + kAnchors +
           "STDIN:5:7: spec: must be a mapping, not a list\nSTDIN:5:11: " + kAnchors},
      {"N03_OneHarmlessAnchor", Site("a", "spec: &a {type: Static}\n"), "STDIN:5:7: "s + kAnchors},
      {"N04_MergeKey", Site("a", "spec:\n  type: Static\n  <<: {replicas: 2}\n"),
       "STDIN:7:3: merge keys (<<) are not supported\n"},
      {"N04_MergeKeyOfNothing", Site("a", "spec:\n  type: Static\n  <<:\n"),
       "STDIN:7:3: merge keys (<<) are not supported\n"},
      {"N05_TheSameKeyTwice", Site("a", "  name: b\nspec: {type: Static}\n"),
       "STDIN:5:3: duplicate key \"name\", first at line 4\n"},
      {"N06_TheSameKeyInQuotes", Site("a", "  \"name\": b\nspec: {type: Static}\n"),
       "STDIN:5:3: duplicate key \"name\", first at line 4\n"},
      {"N06_TheSameKeyEscaped", Site("a", "  \"n\\u0061me\": b\nspec: {type: Static}\n"),
       "STDIN:5:3: duplicate key \"name\", first at line 4\n"},
      {"N06_TheSameKeyInCapitals", Site("a", "  Name: b\nspec: {type: Static}\n"),
       "STDIN:5:3: unknown field \"metadata.Name\", did you mean \"name\"?\n"},
      {"N07_TagOfPython", Type("!!python/object Static"), "STDIN:6:9: "s + kNoTags},
      {"N07_TagBinary", Type("!!binary U3RhdGlj"),
       "STDIN:6:9: spec.type: must be one of Static, Process, got \"U3RhdGlj\"\nSTDIN:6:9: "s +
           kNoTags},
      {"N07_TagLocal", Type("!local Static"), "STDIN:6:9: "s + kNoTags},
      {"N07_TagVerbatim", Type("!<tag:x> Static"), "STDIN:6:9: "s + kNoTags},
      {"N08_DeepLists", Site("a", "spec: " + Repeat("[", 50'000)),
       "STDIN:5:1: nested too deeply: at most 32 levels\n", false},
      {"N08_DeepMappings", Site("a", "spec: " + Repeat("{a: ", 15'000)),
       "STDIN:5:131: nested too deeply: at most 32 levels\n", false},
      {"N08_200000Levels", Site("a", "spec: " + Repeat("[", 200'000)),
       "STDIN:1:1: the document has 200058 bytes, at most 65536 are allowed\n"},
  };
}

std::vector<Refused> Texts() {
  const std::string at = "STDIN:6:10: ";
  return {
      {"N10_NulEscaped", Type("\"a\\0b\""),
       "STDIN:6:9: spec.type: must be one of Static, Process, got \"a\\u0000b\"\n"
       "STDIN:6:9: text may not contain a control character U+0000\n"},
      {"N10_NulByte", Type("a\0"s), at + "control character U+0000\n"},
      {"N11_C0", Type("a\x07"), at + "control character U+0007\n"},
      {"N11_C1", Type("a\xc2\x85"), at + "control character U+0085\n"},
      {"N11_Delete", Type("a\x7f"), at + "control character U+007F\n"},
      {"N11_LineSeparator", Type("a\xe2\x80\xa8"), at + "line separator U+2028\n"},
      {"N11_ParagraphSeparator", Type("a\xe2\x80\xa9"), at + "line separator U+2029\n"},
      {"N11_ByteOrderMarkInside", Type("a\xef\xbb\xbf"), at + "byte order mark U+FEFF\n"},
      {"N11_BidiOverride", Type("a\xe2\x80\xae"), at + "bidirectional control U+202E\n"},
      {"N11_BidiIsolate", Type("a\xe2\x81\xa6"), at + "bidirectional control U+2066\n"},
      {"N11_BidiInAComment", Site("a", "spec: {type: Static} # \xe2\x80\xae\n"),
       "STDIN:5:24: bidirectional control U+202E\n"},
      {"N12_NotUtf8", Type("a\xff"), at + "not UTF-8: byte 0xff\n"},
      {"N12_Overlong", Type("a\xc0\xaf"), at + "not UTF-8: byte 0xc0\n"},
      {"N12_Surrogate", Type("a\xed\xa0\x80"), at + "not UTF-8: byte 0xed\n"},
      {"N12_LoneCarriageReturn", Type("a\r# b"), at + "carriage return without line feed\n"},
  };
}

// A port as YAML would read it, and what is said of it.
Refused Port(const std::string& name, const std::string& port, const std::string& why) {
  return {
      "N14_" + name,
      Site("a", "spec:\n  type: Process\n  process:\n    command: [x]\n    port: " + port + "\n"),
      "STDIN:9:11: spec.process.port: " + why + "\n"};
}

Refused Flag(const std::string& name, const std::string& value, const std::string& why) {
  return {"N15_" + name,
          Site("a", "spec:\n  type: Static\n  placement:\n    allowSameHost: " + value + "\n"),
          "STDIN:8:20: spec.placement.allowSameHost: " + why + "\n"};
}

std::vector<Refused> Values() {
  const std::string integer = "must be a decimal integer, got ";
  return {
      Port("Endless", "99999999999999999999",
           "must be at most 65535, got \"99999999999999999999\""),
      Port("Negative", "-1", "must be at least 1, got \"-1\""),
      Port("Zero", "0", "must be at least 1, got \"0\""),
      Port("TooHigh", "65536", "must be at most 65535, got \"65536\""),
      Port("BeyondInt32", "2147483648", "must be at most 65535, got \"2147483648\""),
      Port("Octal", "010", integer + "\"010\""),
      Port("Hexadecimal", "0x1F", integer + "\"0x1F\""),
      Port("Exponent", "1e3", integer + "\"1e3\""),
      Port("Underscore", "1_000", integer + "\"1_000\""),
      Port("Sexagesimal", "22:22", integer + "\"22:22\""),
      Port("Infinity", ".inf", integer + "\".inf\""),
      Port("NotANumber", "NaN", integer + "\"NaN\""),
      Port("Fraction", "80.0", integer + "\"80.0\""),
      Port("Quoted", "\"80\"", "must be a decimal integer without quotes, got \"80\""),
      Flag("No", "NO", "must be true or false, got \"NO\""),
      Flag("Yes", "yes", "must be true or false, got \"yes\""),
      Flag("On", "on", "must be true or false, got \"on\""),
      Flag("Tilde", "~", "null is no value: leave the field out"),
      Flag("Null", "null", "null is no value: leave the field out"),
      Flag("Empty", "\"\"", "must be true or false without quotes, got \"\""),
  };
}

std::vector<Refused> Wholes() {
  const std::string site = Site("a", "spec: {type: Static}\n");
  return {
      {"N16_UnknownField", Site("a", "spec: {type: Static, secret: x}\n"),
       "STDIN:5:22: unknown field \"spec.secret\"\n"},
      {"N16_MisspeltField", Site("a", "spec: {type: Static, replcas: 2}\n"),
       "STDIN:5:22: unknown field \"spec.replcas\", did you mean \"replicas\"?\n"},
      {"N16_WrongKind", "apiVersion: reeve/v1\nkind: Sites\nmetadata: {name: a}\n",
       "STDIN:2:7: unknown kind \"Sites\", did you mean \"Site\"?\n"},
      {"N16_WrongApiVersion", "apiVersion: apps/v1\nkind: Site\nmetadata: {name: a}\n",
       "STDIN:1:13: apiVersion: must be reeve/v1, got \"apps/v1\"\n"},
      {"N17_300000Items", WithDomains("a", "\n" + Repeat("  -\n", 250'000)),
       "STDIN:1:1: the document has 1000086 bytes, at most 65536 are allowed\n"},
      {"N17_1001Items", WithDomains("a", "\n" + Repeat("  - a\n", 1'001)),
       "STDIN:8:3: spec.domains: must have at most 1000 items, has 1001\n"},
      {"N18_50Megabytes", std::string(50 << 20, 'a'),
       "STDIN: the file has more than 1048576 bytes\n"},
      {"N18_10000Documents", Repeat("---\na: b\n", 10'000),
       "STDIN:2:1: apiVersion: required, such as reeve/v1\n", false},
      {"N18_NeverClosed", Site("a", "spec: {type: Static, domains: ['a.example\n"),
       "STDIN:5:32: the quoted string is never closed\nSTDIN:6:1: not YAML: end of sequence flow "
       "not found\n"},
      {"N19_Tabs", Site("a", "spec:\n\ttype: Static\n"),
       "STDIN:6:1: indentation must be spaces, not tabs\n"},
      {"N19_DirectiveYaml", "%YAML 9.9\n---\n" + site,
       "STDIN:1:1: directives (%YAML, %TAG) are not supported\n"},
      {"N19_DirectiveTag", "%TAG ! tag:x,2000:\n---\n" + site,
       "STDIN:1:1: directives (%YAML, %TAG) are not supported\n"},
      {"N21_TheSameObjectTwice", site + "---\n" + site,
       "STDIN:7:1: Site a is there twice, first at line 1\n"},
      {"N25_RegularExpression", WithDomains("a", "[\"(a+)+$\"]"),
       "STDIN:7:13: spec.domains[0]: must be a hostname: DNS labels (lower-case letters, digits "
       "and "
       "'-') with dots between them; international names in their xn-- form\n"},
      {"N25_RegularExpressionInAPath",
       Site("a", "spec:\n  type: Static\n  health: {httpPath: \"/(a+)+$\"}\n"),
       "STDIN:7:12: spec.health.httpPath: must be an absolute URL path of letters, digits and "
       "'._~-/', without \"..\" or empty parts\n"},
  };
}

class HostileManifestsTest : public testing::TestWithParam<Refused> {};

TEST_P(HostileManifestsTest, IsRefused) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Trees, HostileManifestsTest, testing::ValuesIn(Trees()), NameOf);
INSTANTIATE_TEST_SUITE_P(Texts, HostileManifestsTest, testing::ValuesIn(Texts()), NameOf);
INSTANTIATE_TEST_SUITE_P(Values, HostileManifestsTest, testing::ValuesIn(Values()), NameOf);
INSTANTIATE_TEST_SUITE_P(Wholes, HostileManifestsTest, testing::ValuesIn(Wholes()), NameOf);

// 19, 20: what only looks hostile.
TEST(HostileManifests, N19_CarriageReturnsBeforeLineFeeds) {
  const Said said = Server().Ctl({"apply", "-f", "-"},
                                 "apiVersion: reeve/v1\r\nkind: Site\r\nmetadata: {name: crlf}\r\n"
                                 "spec: {type: Static}\r\n");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "site/crlf created\n");
}

bool AnyFileHas(const std::string& dir, const std::string& text) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    if (support::ReadFile(entry.path()).find(text) != std::string::npos) return true;
  }
  return false;
}

TEST(HostileManifests, N20_JsonIsReadAndCommentsAreNeverStored) {
  const Said said = Server().Ctl({"apply", "-f", "-"},
                                 R"({"apiVersion": "reeve/v1", "kind": "Site", # hunter2
      "metadata": {"name": "json-site"}, "spec": {"type": "Static"}})");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(AnyFileHas(Server().dir(), "json-site"));
  EXPECT_FALSE(AnyFileHas(Server().dir(), "hunter2"));
}

// All are checked before any is written, and what is wrong is said of each.
TEST(HostileManifests, N22_OneBadObjectOf200) {
  std::string text;
  for (int i = 1; i <= 200; ++i) {
    text += (i == 1 ? "" : "---\n") +
            WithDomains(fmt::format("many{}", i),
                        fmt::format("[m{}.{}]", i, i == 137 ? "_x" : "example"));
  }
  ExpectRefused(
      {"N22", text,
       "STDIN:1095:13: spec.domains[0]: must be a hostname: DNS labels (lower-case letters, "
       "digits and '-') with dots between them; international names in their xn-- form\n"});
}

// As Kubernetes has it, so that what `get -o yaml` prints can be applied: said, and left out.
TEST(HostileManifests, N23_WhatTheServerOwnsIsLeftOutWithAWarning) {
  const Said said = Server().Ctl({"apply", "-f", "-"}, R"(apiVersion: reeve/v1
kind: Site
metadata:
  name: owned
  uid: mine
  resourceVersion: "999999"
  generation: 77
  creationTimestamp: "2001-01-01T00:00:00Z"
spec: {type: Static}
status: {phase: Active}
)");
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.err,
            "Warning: STDIN:5:3: metadata.uid is ignored: the server sets it\n"
            "Warning: STDIN:6:3: metadata.resourceVersion is ignored: the server sets it\n"
            "Warning: STDIN:7:3: metadata.generation is ignored: the server sets it\n"
            "Warning: STDIN:8:3: metadata.creationTimestamp is ignored: the server sets it\n"
            "Warning: STDIN:10:1: status is ignored: the server sets it\n");
  ASSERT_OK_AND_ASSIGN(const v1::Object object, Server().api()->Get({"Site", "default", "owned"}));
  EXPECT_NE(object.site().metadata().uid(), "mine");
  EXPECT_NE(object.site().metadata().resource_version(), "999999");
  EXPECT_EQ(object.site().metadata().generation(), 1);
  EXPECT_GT(object.site().metadata().creation_timestamp().seconds(), 1'000'000'000);
  EXPECT_EQ(object.site().status().phase(), v1::SiteStatus::Created);
}

TEST(HostileManifests, N24_LabelsHaveBounds) {
  std::string labels = "  labels:\n";
  for (int i = 0; i < 1001; ++i) labels += fmt::format("    l{}: x\n", i);
  ExpectRefused({"N24", Site("a", labels + "spec: {type: Static}\n"),
                 "STDIN:5:3: metadata.labels: must have at most 64 entries, has 1001\n"});
  ExpectRefused({"N24",
                 Site("a", "  labels: {" + std::string(254, 'k') + ": x}\nspec: {type: Static}\n"),
                 "STDIN:5:12: metadata.labels[" + std::string(254, 'k') +
                     "]: must be [prefix/]name: a name of at most 63 letters, digits and '-_.', a "
                     "prefix that "
                     "is a DNS name\n"});
}

}  // namespace
}  // namespace reeve::hostile
