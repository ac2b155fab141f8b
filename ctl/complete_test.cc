// What shells are told can come next.
#include "ctl/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "ctl/testing/run_fixture.h"

namespace reeve::ctl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class CompleteTest : public RunTest {
 protected:
  // The candidates after these words, without what they are; `directive_` is the last line.
  std::vector<std::string> After(std::vector<std::string> words) {
    words.insert(words.begin(), {"__complete", "--"});
    EXPECT_EQ(Ctl(words), 0);
    EXPECT_EQ(err_, "");
    std::vector<std::string> lines = Split(out_, '\n');
    EXPECT_EQ(lines.back(), "");
    lines.pop_back();
    directive_ = lines.back();
    lines.pop_back();
    for (std::string& line : lines) line = line.substr(0, line.find('\t'));
    return lines;
  }

  std::string directive_;
};

TEST_F(CompleteTest, Commands) {
  EXPECT_THAT(After({"ge"}), ElementsAre("get"));
  EXPECT_EQ(out_, "get\tShow objects\n:4\n");
  EXPECT_THAT(After({""}), Contains("config"));
  EXPECT_THAT(After({"config", ""}), Contains("use-context"));
  EXPECT_THAT(After({"-n", "shops", "config", "cu"}), ElementsAre("current-context"));
  EXPECT_THAT(After({"frobnicate", ""}), ElementsAre());
  EXPECT_THAT(After({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
}

TEST_F(CompleteTest, NothingAtAll) { EXPECT_THAT(After({}), Contains("get")); }

TEST_F(CompleteTest, FlagsOfTheCommandAndOfAll) {
  EXPECT_THAT(After({"get", "--out"}), ElementsAre("--output"));
  EXPECT_THAT(After({"get", "sites", "--na"}), ElementsAre("--namespace"));
  EXPECT_THAT(After({"get", "--", "--out"}), ElementsAre());
  EXPECT_THAT(After({"apply", "--"}), Not(Contains("--show-labels")));
}

TEST_F(CompleteTest, ValuesOfFlags) {
  EXPECT_THAT(After({"get", "sites", "-o", "js"}),
              ElementsAre("json", "jsonpath=", "jsonpath-file="));
  EXPECT_THAT(After({"get", "sites", "--output=ya"}), ElementsAre("--output=yaml"));
  EXPECT_THAT(After({"get", "sites", "-oya"}), ElementsAre("-oyaml"));
  EXPECT_THAT(After({"get", "sites", "-o", "jsonp"}), ElementsAre("jsonpath=", "jsonpath-file="));
  EXPECT_EQ(directive_, ":6");
  EXPECT_THAT(After({"events", "--types", "W"}), ElementsAre("Warning"));
  EXPECT_THAT(After({"events", "--types=Normal,"}),
              ElementsAre("--types=Normal,Normal", "--types=Normal,Warning"));
  EXPECT_THAT(After({"delete", "--cascade", "f"}), ElementsAre("foreground"));
  EXPECT_THAT(After({"get", "-A", "ho"}), ElementsAre("hosts"));
}

TEST_F(CompleteTest, FilesAndDirectories) {
  EXPECT_THAT(After({"apply", "-f", "x"}), ElementsAre());
  EXPECT_EQ(directive_, ":0");
  After({"push", ""});
  EXPECT_EQ(directive_, ":16");
  After({"get", "sites", "--config", ""});
  EXPECT_EQ(directive_, ":0");
}

TEST_F(CompleteTest, Kinds) {
  EXPECT_THAT(After({"get", "sit"}), ElementsAre("sites"));
  EXPECT_THAT(out_, testing::HasSubstr("(st)"));
  EXPECT_THAT(After({"get", "st"}), ElementsAre("st"));
  EXPECT_THAT(After({"get", "hosts,sit"}), ElementsAre("hosts,sites"));
  EXPECT_THAT(After({"describe", ""}), Contains("instances"));
  EXPECT_THAT(After({"explain", "sit"}), ElementsAre("site"));
  EXPECT_EQ(directive_, ":6");
}

TEST_F(CompleteTest, NamesFromTheServer) {
  api_.Put(SiteNamed("blog"));
  api_.Put(SiteNamed("bloom"));
  api_.Put(SiteNamed("shop"));
  api_.Put(SiteNamed("elsewhere", "shops"));
  api_.Put(HostNamed("h1"));
  EXPECT_THAT(After({"get", "site/bl"}), ElementsAre("site/blog", "site/bloom"));
  EXPECT_THAT(After({"get", "sites", ""}), ElementsAre("blog", "bloom", "shop"));
  EXPECT_THAT(After({"get", "st", "blog", "bl"}), ElementsAre("bloom"));
  EXPECT_THAT(After({"get", "sites", "-n", "shops", ""}), ElementsAre("elsewhere"));
  EXPECT_THAT(After({"--context=prod", "get", "sites", ""}), ElementsAre("elsewhere"));
  EXPECT_THAT(After({"get", "site/blog", "host/"}), ElementsAre("host/h1"));
  EXPECT_THAT(After({"get", "site/blog", "hos"}), ElementsAre("host/"));
  EXPECT_THAT(After({"cordon", ""}), ElementsAre("h1"));
  EXPECT_THAT(After({"cordon", "h1", ""}), ElementsAre());
  EXPECT_THAT(After({"events", "--for", "site/sh"}), ElementsAre("site/shop"));
  EXPECT_THAT(After({"history", "site/sh"}), ElementsAre("site/shop"));
  EXPECT_THAT(After({"get", "nonsense/"}), ElementsAre());
}

TEST_F(CompleteTest, NamespacesAndContexts) {
  v1::Namespace ns;
  ns.mutable_metadata()->set_name("shops");
  api_.Put(schema::Wrap(ns));
  EXPECT_THAT(After({"get", "sites", "-n", "s"}), ElementsAre("shops"));
  EXPECT_THAT(After({"get", "sites", "--namespace="}), ElementsAre("--namespace=shops"));
  EXPECT_THAT(After({"config", "use-context", ""}), ElementsAre("reeve", "prod"));
  EXPECT_THAT(After({"get", "--context", "pr"}), ElementsAre("prod"));
}

TEST_F(CompleteTest, FieldsAndGoals) {
  EXPECT_THAT(After({"explain", "site.spec.repl"}), ElementsAre("site.spec.replicas"));
  EXPECT_THAT(After({"explain", "site.nonsense.x"}), ElementsAre());
  EXPECT_THAT(After({"wait", "site/blog", "--for", "con"}), ElementsAre("condition=Ready"));
  EXPECT_THAT(After({"wait", "site/blog", "--for=phase=DomainA"}),
              ElementsAre("--for=phase=DomainActive"));
}

TEST_F(CompleteTest, AServerThatFailsIsSilent) {
  api_.broken = absl::UnavailableError("no");
  EXPECT_THAT(After({"get", "site/"}), ElementsAre());
  EXPECT_EQ(directive_, ":4");
}

TEST_F(CompleteTest, Scripts) {
  EXPECT_EQ(Ctl({"completion", "bash"}), 0);
  EXPECT_THAT(out_, testing::HasSubstr("complete -F _ctl ctl"));
  EXPECT_EQ(Ctl({"completion", "tcsh"}), 1);
  EXPECT_EQ(err_, "error: ctl completion is for one shell: bash, zsh or fish\n");
}

}  // namespace
}  // namespace reeve::ctl
