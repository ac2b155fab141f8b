#include "proto/schema/yaml.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/testing/status_matchers.h"
#include "proto/schema/yaml_writer.h"

namespace reeve::schema {
namespace {

using namespace std::string_literals;
using absl::StatusCode;
using Lines = std::vector<std::string>;

constexpr std::string_view kHead = "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: shop}\n";

Lines ErrorsOf(std::string_view text) {
  const auto manifests = ParseManifests(text, "f");
  return manifests.ok() ? Lines{} : Split(std::string(manifests.status().message()), '\n');
}

// The errors of a Site whose manifest goes on with `rest`, at line 4; but for what a whole Site has
// and `rest` does not mean to.
Lines SiteErrors(const std::string& rest) {
  Lines errors = ErrorsOf(std::string(kHead) + rest);
  std::erase_if(errors, [](const std::string& error) { return error.ends_with(": required"); });
  return errors;
}

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Yaml, ReadsAManifestWithPositions) {
  ASSERT_OK_AND_ASSIGN(const auto manifests, ParseManifests(R"yaml(# A shop.
apiVersion: reeve/v1
kind: Site
metadata:
  name: shop
  labels: {team: "no", "example.com/x": 010}
spec:
  type: Process
  replicas: 2
  domains:
  - a.example
  - b.example
  process:
    command: [node, 'server.js', "--port=$(PORT)"]
    env:
    - name: A
      value: 1.10
    - {name: B, value: "two
        words"}
  health: {interval: 1m30s, timeout: 500ms}
)yaml",
                                                            "shop.yaml"));
  ASSERT_EQ(manifests.size(), 1u);
  const Manifest& manifest = manifests[0];
  const v1::SiteSpec& spec = manifest.object.site().spec();
  EXPECT_EQ(KeyOf(manifest.object), (ObjectKey{"Site", "", "shop"}));
  EXPECT_EQ(ValueAt(manifest.object, "metadata.labels[team]"), "no");
  EXPECT_EQ(ValueAt(manifest.object, "metadata.labels[\"example.com/x\"]"), "010");
  EXPECT_EQ(spec.replicas(), 2);
  EXPECT_EQ(spec.process().command(2), "--port=$(PORT)");
  EXPECT_EQ(spec.process().env(0).value(), "1.10");
  EXPECT_EQ(spec.process().env(1).value(), "two words");
  EXPECT_EQ(spec.health().interval().seconds(), 90);
  EXPECT_EQ(spec.health().timeout().nanos(), 500'000'000);
  EXPECT_EQ(manifest.warnings, Lines());

  const std::pair<std::string, std::string> places[] = {
      {"spec.replicas", "shop.yaml:9:3"},
      {"spec.domains[1]", "shop.yaml:12:5"},
      {"spec.domains[\"b.example\"]", "shop.yaml:12:5"},
      {"spec.process.env[1].value", "shop.yaml:18:17"},
      {"spec.process.env[B].value", "shop.yaml:18:17"},
      {"spec.process.port", "shop.yaml:13:3"},
      {"metadata.labels[team]", "shop.yaml:6:12"},
      {"status.phase", "shop.yaml:2:1"},
  };
  for (const auto& [path, place] : places)
    EXPECT_EQ(manifest.Locate(*FieldPath::Parse(path)), place) << path;
}

struct Case {
  std::string text;
  Lines errors;
};

// The numbers are the rows of reliability.md, 3.1.
TEST(Yaml, RefusesWhatIsNoPlainTree) {
  const std::string no_anchors = "anchors (&) and aliases (*) are not supported";
  const std::string no_tags = "tags (!) are not supported";
  const Case cases[] = {
      {"a1: &a [x,x]\na2: &b [*a,*a]\n", {"f:4:5: " + no_anchors}},                     // 1
      {"spec: {type: &a [*a]}\n", {"f:4:14: " + no_anchors, "f:4:18: " + no_anchors}},  // 2
      {"spec: &a {type: Static}\n", {"f:4:7: " + no_anchors}},                          // 3
      {"spec: *nothing\n", {"f:4:7: " + no_anchors}},
      {"spec:\n  <<: {type: Static}\n", {"f:5:3: merge keys (<<) are not supported"}},  // 4
      {"spec:\n  <<:\n", {"f:5:3: merge keys (<<) are not supported"}},
      {"spec: {type: Static}\nspec: {}\n",
       {"f:5:1: duplicate key \"spec\", first at line 4"}},  // 5
      {"spec: {type: Static, \"type\": Static}\n",
       {"f:4:22: duplicate key \"type\", first at line 4"}},  // 6
      {"spec: {type: Static, \"t\\u0079pe\": Static}\n",
       {"f:4:22: duplicate key \"type\", first at line 4"}},
      {"Spec: {}\n", {"f:4:1: unknown field \"Spec\", did you mean \"spec\"?"}},
      {"spec: {blob: !!binary eA==}\n", {"f:4:14: " + no_tags}},  // 7
      {"spec: {blob: !!python/object x}\n", {"f:4:14: " + no_tags}},
      {"spec: !local {type: Static}\n", {"f:4:7: " + no_tags}},
      {"spec: !<tag:x> {type: Static}\n", {"f:4:7: " + no_tags}},
      {"spec: {blob: ! x}\n", {"f:4:14: " + no_tags}},
      {"spec: {domains: !!seq []}\n", {"f:4:17: " + no_tags}},
      {"spec: {? [a] : b}\n", {"f:4:10: a key must be a string"}},
      {"spec: {~: b}\n", {"f:4:8: a key must be a string"}},
      {"spec: {blob: \"a\\0b\"}\n",
       {"f:4:14: text may not contain a control character U+0000"}},  // 10
      {"spec: {blob: \"a\\e[1mb\"}\n", {"f:4:14: text may not contain a control character U+001B"}},
      {"spec: {blob: \"a\\u202eb\"}\n",
       {"f:4:14: text may not contain a bidirectional control U+202E"}},  // 11
      {"spec: {blob: a\xe2\x80\xae}\n", {"f:4:15: bidirectional control U+202E"}},
      {"spec: {blob: a\xe2\x81\xa6}\n", {"f:4:15: bidirectional control U+2066"}},
      {"spec: {blob: a\xe2\x80\xa8}\n", {"f:4:15: line separator U+2028"}},
      {"spec: {blob: a\xef\xbb\xbf}\n", {"f:4:15: byte order mark U+FEFF"}},
      {"spec: {blob: a\x7f}\n", {"f:4:15: control character U+007F"}},
      {"spec: {blob: a\xc2\x85}\n", {"f:4:15: control character U+0085"}},
      {"spec: {blob: a\0}\n"s, {"f:4:15: control character U+0000"}},
      {"spec: {blob: a\xff}\n", {"f:4:15: not UTF-8: byte 0xff"}},  // 12
      {"spec: {blob: a\xc0\xaf}\n", {"f:4:15: not UTF-8: byte 0xc0"}},
      {"spec: {blob: a\xed\xa0\x80}\n", {"f:4:15: not UTF-8: byte 0xed"}},
      {"spec: {blob: a}\r# b\n", {"f:4:16: carriage return without line feed"}},
      {"spec:\n\ttype: Static\n", {"f:5:1: indentation must be spaces, not tabs"}},  // 19
      {"%YAML 9.9\n", {"f:4:1: directives (%YAML, %TAG) are not supported"}},
      {"spec: 'x\n", {"f:4:7: the quoted string is never closed"}},
      {"spec: 'it''s\n", {"f:4:7: the quoted string is never closed"}},
      {"spec: {blob: \"x\\\"\n",
       {"f:5:1: not YAML: end of map flow not found", "f:4:14: the quoted string is never closed"}},
      {"spec: {blob: x\n", {"f:5:1: not YAML: end of map flow not found"}},
      {"spec: a: b\n", {"f:4:8: a value cannot have \": \" in it without quotes"}},
      {"spec: @a\n", {"f:4:7: a value cannot start with this character without quotes"}},
      {"spec: {}\n]\n", {"f:5:1: not YAML: illegal flow end"}},
      {"spec: \"b\" c\n", {"f:4:11: expected \"key: value\" here"}},
  };
  for (const Case& c : cases) {
    const Lines errors = SiteErrors(c.text);
    for (const std::string& error : c.errors) {
      EXPECT_NE(std::find(errors.begin(), errors.end(), error), errors.end())
          << c.text << "\nwants " << error << "\nhas   " << Join(errors, "\n      ");
    }
  }
}

TEST(Yaml, KeepsToItsLimits) {
  const std::string site = std::string(kHead);
  const Case cases[] = {
      // 8
      {site + "spec: " + Repeat("[", 50'000), {"f:4:1: nested too deeply: at most 32 levels"}},
      {site + "spec: " + Repeat("{a: ", 15'000), {"f:4:131: nested too deeply: at most 32 levels"}},
      {site + Repeat("- ", 15'000), {"f:4:1: expected \"key: value\" here"}},
      // 17
      {site + "spec:\n  domains:\n" + Repeat("  -\n", 1'001),
       {"f:6:3: spec.domains: must have at most 1000 items, has 1001"}},
      {Repeat("-\n", 300'000), {"f:1:1: the document has 600000 bytes, at most 65536 are allowed"}},
      // 18
      {std::string(50 << 20, 'a'), {"f: the file has more than 1048576 bytes"}},
      {Repeat("---\na: b\n", 10'000), {"f:513:1: more than 256 documents"}},
  };
  for (const Case& c : cases) {
    const Lines errors = ErrorsOf(c.text);
    EXPECT_NE(std::find(errors.begin(), errors.end(), c.errors[0]), errors.end())
        << c.text.substr(0, 80) << "\nwants " << c.errors[0] << "\nhas   " << errors[0];
  }
}

TEST(Yaml, NumbersArePlainDecimal) {
  const std::string integer = ": must be a decimal integer, got ";
  const auto port = [](const std::string& text) {
    return "spec: {process: {port: " + text + ", command: [x]}}\n";
  };
  const auto at = [](const std::string& text) { return Lines{"f:4:24: spec.process.port" + text}; };
  const Case cases[] = {
      // 14
      {port("80"), {}},
      {port("99999999999999999999"), at(": must be at most 65535, got \"99999999999999999999\"")},
      {port("-1"), at(": must be at least 1, got \"-1\"")},
      {port("-99999999999999999999"), at(": must be at least 1, got \"-99999999999999999999\"")},
      {port("0"), at(": must be at least 1, got \"0\"")},
      {port("65536"), at(": must be at most 65535, got \"65536\"")},
      {port("010"), at(integer + "\"010\"")},
      {port("0x1F"), at(integer + "\"0x1F\"")},
      {port("1e3"), at(integer + "\"1e3\"")},
      {port("1_000"), at(integer + "\"1_000\"")},
      {port("22:22"), at(integer + "\"22:22\"")},
      {port(".inf"), at(integer + "\".inf\"")},
      {port("NaN"), at(integer + "\"NaN\"")},
      {port("80.0"), at(integer + "\"80.0\"")},
      {port("+80"), at(integer + "\"+80\"")},
      {port("-0"), at(": must be at least 1, got \"-0\"")},
      {port("\"80\""), at(": must be a decimal integer without quotes, got \"80\"")},
      {port("[80]"), at(": must be a decimal integer, not a list")},
      {port("{}"), at(": must be a decimal integer, not a mapping")},
      {port("null"), at(": null is no value: leave the field out")},
  };
  for (const Case& c : cases) EXPECT_EQ(SiteErrors(c.text), c.errors) << c.text;
}

TEST(Yaml, BooleansAreTrueOrFalseAndNullIsNothing) {
  const Case cases[] = {
      // 15
      {"spec: {placement: {allowSameHost: true}}\n", {}},
      {"spec: {placement: {allowSameHost: NO}}\n",
       {"f:4:35: spec.placement.allowSameHost: must be true or false, got \"NO\""}},
      {"spec: {placement: {allowSameHost: yes}}\n",
       {"f:4:35: spec.placement.allowSameHost: must be true or false, got \"yes\""}},
      {"spec: {placement: {allowSameHost: True}}\n",
       {"f:4:35: spec.placement.allowSameHost: must be true or false, got \"True\""}},
      {"spec: {placement: {allowSameHost: \"true\"}}\n",
       {"f:4:35: spec.placement.allowSameHost: must be true or false without quotes, got "
        "\"true\""}},
      {"spec: {placement: {allowSameHost: ~}}\n",
       {"f:4:35: spec.placement.allowSameHost: null is no value: leave the field out"}},
      {"spec: {placement: {allowSameHost: \"\"}}\n",
       {"f:4:35: spec.placement.allowSameHost: must be true or false without quotes, got \"\""}},
      {"spec:\n", {"f:5:1: spec: null is no value: leave the field out"}},
      {"spec: {domains: [~]}\n", {"f:4:18: spec.domains[0]: null is no value: leave the item out"}},
  };
  for (const Case& c : cases) EXPECT_EQ(SiteErrors(c.text), c.errors) << c.text;
}

TEST(Yaml, EnumsAndDurationsAreWords) {
  const Case cases[] = {
      {"spec: {type: Static}\n", {}},
      {"spec: {type: \"Static\"}\n", {}},
      {"spec: {type: static}\n",
       {"f:4:14: spec.type: must be one of Static, Process, got \"static\", did you mean "
        "\"Static\"?"}},
      {"spec: {type: Unspecified}\n",
       {"f:4:14: spec.type: must be one of Static, Process, got \"Unspecified\""}},
      {"spec: {type: 1}\n", {"f:4:14: spec.type: must be one of Static, Process, got \"1\""}},
      {"spec: {health: {interval: 1h30m}}\n", {}},
      {"spec: {health: {interval: 90}}\n",
       {"f:4:27: spec.health.interval: must be a duration such as 90s, 1m30s or 500ms, got "
        "\"90\""}},
      {"spec: {health: {interval: 1s1m}}\n",
       {"f:4:27: spec.health.interval: must be a duration such as 90s, 1m30s or 500ms, got "
        "\"1s1m\""}},
      {"spec: {health: {interval: -1s}}\n",
       {"f:4:27: spec.health.interval: must be a duration such as 90s, 1m30s or 500ms, got "
        "\"-1s\""}},
      {"spec: {health: {interval: 99999999999h}}\n",
       {"f:4:27: spec.health.interval: must be a duration such as 90s, 1m30s or 500ms, got "
        "\"99999999999h\""}},
  };
  for (const Case& c : cases) EXPECT_EQ(SiteErrors(c.text), c.errors) << c.text;
}

TEST(Yaml, StructureIsTheSchemas) {
  const Case cases[] = {
      {"spec: [a]\n", {"f:4:7: spec: must be a mapping, not a list"}},
      {"spec: {domains: a.example}\n",
       {"f:4:17: spec.domains: must be a list, not a single value"}},
      {"spec: {process: {env: {A: b}, command: [x]}}\n",
       {"f:4:23: spec.process.env: must be a list, not a mapping"}},
      {"spec: {blob: {a: b}}\n", {"f:4:14: spec.blob: must be a string, not a mapping"}},
      {"spec: {replcas: 2}\n",
       {"f:4:8: unknown field \"spec.replcas\", did you mean \"replicas\"?"}},
      {"spec: {http_path: 2}\n", {"f:4:8: unknown field \"spec.http_path\""}},
      {"spec: {health: {http_path: /}}\n",
       {"f:4:17: unknown field \"spec.health.http_path\", did you mean \"httpPath\"?"}},
      {"spec: {process: {env: [{name: A, valu: b}], command: [x]}}\n",
       {"f:4:34: unknown field \"spec.process.env[0].valu\", did you mean \"value\"?"}},
      {"extra: 1\n", {"f:4:1: unknown field \"extra\""}},
  };
  for (const Case& c : cases) EXPECT_EQ(SiteErrors(c.text), c.errors) << c.text;
}

TEST(Yaml, HeadsOfDocuments) {
  const Case cases[] = {
      // 16
      {"kind: Site\n", {"f:1:1: apiVersion: required, such as reeve/v1"}},
      {"apiVersion: v1\nkind: Site\n", {"f:1:13: apiVersion: must be reeve/v1, got \"v1\""}},
      {"apiVersion: reeve/v1\n", {"f:1:1: kind: required, such as Site"}},
      {"apiVersion: reeve/v1\nkind: Sites\n",
       {"f:2:7: unknown kind \"Sites\", did you mean \"Site\"?"}},
      {"apiVersion: reeve/v1\nkind: site\n",
       {"f:2:7: unknown kind \"site\", did you mean \"Site\"?"}},
      {"apiVersion: reeve/v1\nkind: Deployment\n", {"f:2:7: unknown kind \"Deployment\""}},
      {"apiVersion: reeve/v1\nkind: [a]\n", {"f:2:7: kind: must be a string"}},
      {"- a\n", {"f:1:1: the document must be a mapping, not a list"}},
      // yaml-cpp finds empty documents before such a comma for ever.
      {"{}\n,",
       {"f:1:1: apiVersion: required, such as reeve/v1", "f:1:1: kind: required, such as Site",
        "f:2:1: expected the end of the document here"}},
      {"just text\n", {"f:1:1: the document must be a mapping, not a single value"}},
      {"{}\n",
       {"f:1:1: apiVersion: required, such as reeve/v1", "f:1:1: kind: required, such as Site"}},
      // One of several.
      {"apiVersion: reeve/v1\nkind: Work\nspec: {artifacts: [{id: a, user: {}, unit: {}}]}\n",
       {"f:1:1: metadata.name: required", "f:3:1: spec.host: required",
        "f:3:28: spec.artifacts[0].user.name: required",
        "f:3:28: spec.artifacts[0].user.uid: required",
        "f:3:38: spec.artifacts[0].unit: cannot be together with \"user\""}},
      // 21
      {std::string(kHead) + "---\n" + std::string(kHead),
       {"f:1:1: spec.type: required", "f:5:1: Site shop is there twice, first at line 1",
        "f:5:1: spec.type: required"}},
  };
  for (const Case& c : cases) EXPECT_EQ(ErrorsOf(c.text), c.errors) << c.text;
}

TEST(Yaml, EveryErrorOfEveryDocumentAtOnce) {
  EXPECT_EQ(
      ErrorsOf("apiVersion: reeve/v1\nkind: Site\nmetadata: {name: a}\nspec: {replcas: 1, type: x, "
               "replicas: -1}\n"
               "---\n# nothing\n---\n"
               "a: 'never closed\n"
               "---\n"
               "apiVersion: reeve/v1\nkind: Site\nspec: [\n"
               "--- {apiVersion: reeve/v1, kind: Foo}\n...\nkind: Host\n"),
      (Lines{"f:4:8: unknown field \"spec.replcas\", did you mean \"replicas\"?",
             "f:4:26: spec.type: must be one of Static, Process, got \"x\"",
             "f:4:39: spec.replicas: must be at least 0, got \"-1\"",
             "f:8:1: apiVersion: required, such as reeve/v1", "f:8:1: kind: required, such as Site",
             "f:8:4: the quoted string is never closed",
             "f:13:1: not YAML: end of sequence flow not found", "f:13:34: unknown kind \"Foo\"",
             "f:15:1: apiVersion: required, such as reeve/v1"}));
}

// What cannot be read does not hide the rules that the rest breaks, in any document.
TEST(Yaml, BrokenRulesBesideWhatCannotBeRead) {
  const std::string good = "apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: b\n";
  EXPECT_EQ(
      ErrorsOf("apiVersion: reeve/v1\nkind: Site\nmetadata:\n  name: A_b\nspec:\n"
               "  type: Process\n  replicas: 99999999999\n  domains: [a.example, b_c.example]\n"
               "  process:\n    port: 2147483648\n    command: [x]\n"
               "    env:\n    - {name: lower, value: x}\n    - {value: y}\n"
               "  health: {failureThreshold: 101, httpPath: a}\n---\n" +
               good + "spec: {type: Static, placement: {hosts: [A]}}\n"),
      (Lines{"f:4:3: metadata.name: must be lower-case letters, digits and single '-', at most 40, "
             "starting with a letter, ending with a letter or digit",
             "f:7:13: spec.replicas: must be at most 100, got \"99999999999\"",
             "f:8:24: spec.domains[1]: must be a hostname: DNS labels (lower-case letters, digits "
             "and '-') with dots between them; international names in their xn-- form",
             "f:10:11: spec.process.port: must be at most 65535, got \"2147483648\"",
             "f:13:8: spec.process.env[0].name: must be an environment variable: upper-case "
             "letters, digits and '_', at most 64",
             "f:14:7: spec.process.env[1].name: required",
             "f:15:30: spec.health.failureThreshold: must be at most 100, got \"101\"",
             "f:15:35: spec.health.httpPath: must be an absolute URL path of letters, digits and "
             "'._~-/', without \"..\" or empty parts",
             "f:21:42: spec.placement.hosts[0]: is no name of a Host: must be lower-case letters, "
             "digits and single '-', at most 40, starting with a letter, ending with a letter or "
             "digit"}));
}

// What was refused is not called missing too, and items keep their numbers.
TEST(Yaml, WhatIsRefusedIsSaidOnce) {
  const std::string head = "apiVersion: reeve/v1\nkind: Site\nmetadata: {name: a}\n";
  EXPECT_EQ(ErrorsOf(head + "spec: {type: [x]}\n"),
            Lines{"f:4:14: spec.type: must be one of Static, Process, not a list"});
  EXPECT_EQ(ErrorsOf(head + "spec: [x]\n"), Lines{"f:4:7: spec: must be a mapping, not a list"});
  EXPECT_EQ(ErrorsOf(head + "spec: {type: Static, domains: [~, a_b]}\n"),
            Lines{"f:4:32: spec.domains[0]: null is no value: leave the item out"});
  EXPECT_EQ(ErrorsOf(head + "spec: {type: &a Static, replicas: 101}\n"),
            (Lines{"f:4:14: anchors (&) and aliases (*) are not supported",
                   "f:4:35: spec.replicas: must be at most 100, got \"101\""}));
}

// A manifest from elsewhere moves no cursor, and adds no line to its own errors.
TEST(Yaml, MessagesAreOneLineEach) {
  EXPECT_EQ(SiteErrors("spec: {\"a\\nf:1:1: b\": 1}\n"),
            Lines{"f:4:8: unknown field \"spec.a\\u000af:1:1: b\""});
  EXPECT_EQ(SiteErrors("spec: {type: \"\\e[2J\\u202e\"}\n"),
            (Lines{"f:4:14: spec.type: must be one of Static, Process, got \"\\u001b[2J\\u202e\"",
                   "f:4:14: text may not contain a control character U+001B"}));
}

TEST(Yaml, MessagesAreShort) {
  const std::string s(60'000, 's');
  EXPECT_EQ(ErrorsOf("apiVersion: reeve/v1\nkind: " + s + "\n"),
            Lines{"f:2:7: unknown kind \"" + s.substr(0, 60) + "...\""});
  EXPECT_EQ(SiteErrors(s.substr(0, 999) + ": 1\n"),
            Lines{"f:4:1: unknown field \"" + s.substr(0, 200) + "...\""});
}

TEST(Yaml, WhatIsAllowed) {
  const std::string body = "apiVersion: reeve/v1\nkind: Namespace\nmetadata: {name: a}\n";
  std::string crlf;
  for (const char c : body) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const std::pair<std::string, int> cases[] = {
      {"", 0},
      {"# nothing\n---\n---\n", 0},
      {body, 1},
      {crlf, 1},
      {"\xef\xbb\xbf" + body, 1},
      {"--- # one\n" + body + "...\n---\n# two\n", 1},
      {"{\"apiVersion\": \"reeve/v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}} # "
       "JSON\n",
       1},
      {body + "spec:\n  description: >-\n    two\n    lines\n", 1},
  };
  for (const auto& [text, count] : cases) {
    const auto manifests = ParseManifests(text, "f");
    ASSERT_OK(manifests) << text;
    EXPECT_EQ(manifests->size(), static_cast<size_t>(count)) << text;
  }
}

// 23: as Kubernetes does, so that what `get -o yaml` prints can be applied.
TEST(Yaml, WhatTheServerOwnsIsIgnoredWithAWarning) {
  ASSERT_OK_AND_ASSIGN(
      const auto manifests,
      ParseManifests(std::string(kHead) + "status: {phase: Nonsense}\n---\n" + R"(kind: Site
apiVersion: reeve/v1
metadata:
  name: b
  creationTimestamp: null
  uid: 1
  resourceVersion: "7"
spec: {process: {userId: 5}}
)",
                     "f"));
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(manifests[0].warnings, Lines{"f:4:1: status is ignored: the server sets it"});
  EXPECT_FALSE(manifests[0].object.site().has_status());
  EXPECT_EQ(manifests[1].warnings,
            (Lines{"f:10:3: metadata.creationTimestamp is ignored: the server sets it",
                   "f:11:3: metadata.uid is ignored: the server sets it",
                   "f:12:3: metadata.resourceVersion is ignored: the server sets it",
                   "f:13:18: spec.process.userId is ignored: the server sets it"}));
  EXPECT_EQ(Meta(manifests[1].object).uid(), "");
  EXPECT_EQ(manifests[1].object.site().spec().process().user_id(), 0);
}

TEST(Yaml, ReadsLists) {
  ASSERT_OK_AND_ASSIGN(const auto manifests, ParseManifests(R"(apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: reeve/v1
  kind: Host
  metadata: {name: h1}
- {apiVersion: reeve/v1, kind: Host, metadata: {name: h2}}
)",
                                                            "f"));
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(KeyOf(manifests[1].object), (ObjectKey{"Host", "", "h2"}));
  EXPECT_EQ(manifests[1].Locate(*FieldPath::Parse("metadata.name")), "f:8:49");
  EXPECT_EQ(ErrorsOf("apiVersion: v1\nkind: List\nitems: [{kind: List}, a]\nx: 1\n"),
            (Lines{"f:3:9: a List in a List",
                   "f:3:23: the document must be a mapping, not a single value",
                   "f:4:1: unknown field \"x\" of a List"}));
}

TEST(Yaml, WritesInKubernetesOrder) {
  v1::Site site;
  site.mutable_metadata()->set_name("shop");
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_metadata()->set_uid("1e3");
  site.mutable_metadata()->set_generation(7);
  site.mutable_metadata()->mutable_creation_timestamp()->set_seconds(1767225600);
  (*site.mutable_metadata()->mutable_labels())["b"] = "no";
  (*site.mutable_metadata()->mutable_labels())["a"] = "";
  site.mutable_spec()->set_replicas(0);
  site.mutable_spec()->add_domains("a.example");
  site.mutable_spec()->mutable_static_();
  site.mutable_spec()->mutable_health()->mutable_interval()->set_seconds(90);
  v1::Condition* ready = site.mutable_status()->add_conditions();
  ready->set_type("Ready");
  ready->set_message("two\nlines");
  EXPECT_EQ(ToYaml(Wrap(site)), R"(apiVersion: reeve/v1
kind: Site
metadata:
  name: shop
  namespace: default
  labels:
    a: ""
    b: "no"
  uid: "1e3"
  generation: 7
  creationTimestamp: "2026-01-01T00:00:00Z"
spec:
  replicas: 0
  domains:
  - a.example
  static: {}
  health:
    interval: 90s
status:
  conditions:
  - type: Ready
    status: Unknown
    message: |-
      two
      lines
)");
  EXPECT_EQ(ToYamlList({}), "apiVersion: v1\nkind: List\nitems: []\n");
}

TEST(Yaml, QuotesWhatReadsAsSomethingElse) {
  for (const char* text : {"",          " a",         "a ",
                           "no",        "No",         "YES",
                           "on",        "off",        "y",
                           "N",         "true",       "False",
                           "null",      "~",          "NULL",
                           "010",       "0755",       "0o7",
                           "0x1F",      "1",          "-1",
                           "+1",        "1.10",       "1e3",
                           "1_000",     ".5",         ".inf",
                           "-.INF",     ".NaN",       "22:22",
                           "190:20:30", "2026-01-31", "2026-01-31T00:00:00Z",
                           "<<",        "=",          "-",
                           "- a",       "?",          "? a",
                           ":",         "a: b",       "a:",
                           "a #b",      "#a",         "&a",
                           "*a",        "!a",         "|",
                           ">",         "@a",         "`a",
                           "%a",        "'a",         "\"a",
                           "[a",        "{a",         ",a",
                           "]a",        "}a",         "---",
                           "...",       "a\tb",       "10.0.0.1",
                           "1,2",       "=a",         "a, b",
                           "a]"}) {
    EXPECT_TRUE(YamlScalar(text).starts_with('"')) << text;
  }
  for (const char* text : {"a", "a b", "node", "server.js", "/usr/bin/x", "$(PORT)", "a.example",
                           "sha256-abc", "90s", "NoContent", "a:b", "a=b", "http://x:80/?a=b&c",
                           "True story", "a-b_c", "it's", "2 lines", "x*"}) {
    EXPECT_EQ(YamlScalar(text), text);
  }
}

TEST(Yaml, ReadsFilesThatAreNoObjects) {
  v1::Placement placement;
  ASSERT_OK(ParseYamlMessage("hosts: [h1]\nallowSameHost: true\n", "f", &placement));
  EXPECT_EQ(MessageToYaml(placement), "hosts:\n- h1\nallowSameHost: true\n");
  EXPECT_THAT(ParseYamlMessage("host: [h1]\n", "f", &placement),
              IsError(StatusCode::kInvalidArgument,
                      "f:1:1: unknown field \"host\", did you mean \"hosts\"?"));
  EXPECT_THAT(ParseYamlMessage("", "f", &placement),
              IsError(StatusCode::kInvalidArgument, "f: must be one document, has 0"));
}

}  // namespace
}  // namespace reeve::schema
