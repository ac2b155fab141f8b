#include "agents/nginx/site_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/mark.h"
#include "agents/nginx/candidate.h"
#include "agents/nginx/conf.h"
#include "agents/nginx/verdict.h"
#include "agents/testing/local_nginx.h"
#include "base/status.h"
#include "base/testing/golden.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents::nginx {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Artifact::NginxSite Static() {
  v1::Artifact::NginxSite site;
  site.set_name("reeve-inst-docs-0a1b2c3d");
  site.add_server_names("docs.example");
  site.add_server_names("www.docs.example");
  site.set_listen_port(80);
  site.mutable_files()->set_dir("reeve-site-docs-0a1b2c3d");
  site.mutable_files()->set_root("public");
  site.mutable_files()->set_fallback("index.html");
  site.mutable_http()->set_max_body_bytes(1 << 20);
  v1::Header* header = site.mutable_http()->add_headers();
  header->set_name("X-Frame-Options");
  header->set_value("DENY; \"quoted\" {block} # no comment \\");
  return site;
}

v1::Artifact::NginxSite Proxied() {
  v1::Artifact::NginxSite site;
  site.set_name("reeve-inst-app-0a1b2c3d");
  site.add_server_names("app.example");
  site.set_listen_port(8080);
  site.mutable_upstream()->set_port(20000);
  return site;
}

absl::StatusOr<std::string> Render(const v1::Artifact::NginxSite& site) {
  static const HostPaths paths;
  return RenderSite({.site = &site, .owner = "0a1b2c3d", .paths = &paths});
}

TEST(SiteFileTest, Goldens) {
  ExpectGolden("agents/nginx/testdata/static.conf", *Render(Static()));
  ExpectGolden("agents/nginx/testdata/proxied.conf", *Render(Proxied()));
  ExpectGolden("agents/nginx/testdata/common.conf", RenderCommon(7, 299, {80, 8080}));
}

TEST(SiteFileTest, NobodyIsSentOnWithoutAPort) {
  v1::Artifact::NginxSite site = Proxied();
  site.mutable_upstream()->set_port(kNoPort);
  const std::string conf = *Render(site);
  EXPECT_THAT(conf, HasSubstr("return 503;"));
  EXPECT_THAT(conf, Not(HasSubstr("proxy_pass")));
}

TEST(SiteFileTest, IsReadBack) {
  const SiteSummary summary = SummarizeSite(*Render(Static()));
  EXPECT_THAT(summary.ports, ElementsAre(80));
  EXPECT_THAT(summary.server_names, ElementsAre("docs.example", "www.docs.example"));
  EXPECT_TRUE(ReadMark(*Render(Static()))->intact);
}

// Nothing of a manifest may become a directive, a variable, an expression or another tenant's name.
TEST(SiteFileTest, RefusesWhatNginxWouldUnderstand) {
  for (const auto& change : std::vector<std::function<void(v1::Artifact::NginxSite&)>>{
           [](auto& site) { site.set_server_names(0, "a.example; return 200"); },
           [](auto& site) { site.set_server_names(0, "~^(.*)$"); },
           [](auto& site) { site.set_server_names(0, "*.example"); },
           [](auto& site) { site.set_server_names(0, "a.example."); },
           [](auto& site) { site.set_server_names(0, ".example"); },
           [](auto& site) { site.set_server_names(0, "A.example"); },
           [](auto& site) { site.set_server_names(0, ""); },
           [](auto& site) { site.clear_server_names(); },
           [](auto& site) { site.set_listen_port(65536); },
           [](auto& site) { site.set_name("../x"); },
           [](auto& site) { site.mutable_files()->set_dir("../../etc"); },
           [](auto& site) { site.mutable_files()->set_root("a/../../x"); },
           [](auto& site) { site.mutable_files()->set_root("$arg_x"); },
           [](auto& site) { site.mutable_files()->set_fallback("/etc/passwd"); },
           [](auto& site) { site.mutable_files()->set_fallback("x\n}"); },
           [](auto& site) { site.mutable_http()->mutable_headers(0)->set_value("$http_cookie"); },
           [](auto& site) {
             site.mutable_http()->mutable_headers(0)->set_value("a\r\nSet-Cookie: x");
           },
           [](auto& site) { site.mutable_http()->mutable_headers(0)->set_name("X y"); },
           [](auto& site) { site.mutable_upstream()->set_port(0); },
           [](auto& site) { site.clear_backend(); }}) {
    v1::Artifact::NginxSite site = Static();
    change(site);
    EXPECT_THAT(Render(site), IsError(StatusCode::kInvalidArgument, "")) << site.ShortDebugString();
  }
}

TEST(SiteFileTest, TheRealNginxAcceptsThem) {
  if (!HasLocalNginx()) GTEST_SKIP() << "nginx is not installed";
  const NginxOpinion opinion =
      TestWithLocalNginx({{"00-reeve.conf", RenderCommon(7, 18099, {80, 8080})},
                          {"a.conf", *Render(Static())},
                          {"b.conf", *Render(Proxied())},
                          {"zz.conf", "server_names_hash_bucket_size 512;\n"}});
  EXPECT_EQ(opinion.code, 0) << opinion.output;
  EXPECT_EQ(opinion.output, "");
}

TEST(VerdictTest, UnderstandsBothFormsOfALine) {
  const Verdict verdict = ReadVerdict(
      "2026/11/21 00:35:01 [emerg] 1222#1222: unknown directive \"bogus\" in "
      "/etc/nginx/reeve/current/site-a.conf:1\n"
      "nginx: [warn] conflicting server name \"a.example\" on 0.0.0.0:80, ignored\n"
      "nginx: [emerg] open() \"/x\" failed (2: No such file or directory) in "
      "/etc/nginx/conf.d/foreign.conf:3\n"
      "nginx: configuration file /etc/nginx/nginx.conf test failed\n",
      "/etc/nginx/reeve");
  ASSERT_EQ(verdict.errors.size(), 2u);
  EXPECT_EQ(verdict.errors[0].text,
            "unknown directive \"bogus\" in /etc/nginx/reeve/current/site-a.conf:1");
  EXPECT_EQ(verdict.errors[0].site, "site-a");
  EXPECT_EQ(verdict.errors[1].site, "");
  EXPECT_THAT(verdict.conflicting_names, ElementsAre("a.example"));
}

// An nginx that refuses files with "BAD" in them, and blames by name only when `names_them`.
TestTree Refusing(bool names_them, int* tests) {
  return [=](const Tree& files) -> absl::StatusOr<Trial> {
    ++*tests;
    Trial trial{.passed = true};
    for (const auto& [name, content] : files) {
      if (content.find("BAD") == content.npos || !trial.passed) continue;
      trial.passed = false;
      trial.first_line = "bad things";
      trial.verdict.errors = {{"bad things", names_them ? name.substr(0, name.size() - 5) : ""}};
    }
    return trial;
  };
}

std::vector<std::string> Names(const std::vector<Quarantined>& quarantined) {
  std::vector<std::string> names;
  for (const Quarantined& one : quarantined) names.push_back(one.site);
  return names;
}

TEST(CandidateTest, HoldsBackTheBadOnesAndNoOthers) {
  for (const bool names_them : {true, false}) {
    Tree changes;
    for (int i = 0; i < 40; ++i)
      changes[fmt::format("s{:02}.conf", i)] = i == 7 || i == 31 ? "BAD" : "new";
    int tests = 0;
    const auto found = FindCandidate({{"s07.conf", "old"}, {"s08.conf", "old"}}, changes,
                                     Refusing(names_them, &tests));
    ASSERT_OK(found);
    EXPECT_THAT(Names(found->quarantined), ElementsAre("s07", "s31"));
    EXPECT_EQ(found->files.size(), 39u);
    EXPECT_EQ(found->files.at("s07.conf"), "old");
    EXPECT_EQ(found->files.at("s08.conf"), "new");
    EXPECT_LE(tests, names_them ? 3 : 30);
  }
}

TEST(CandidateTest, OneTestWhenAllIsWell) {
  int tests = 0;
  ASSERT_OK(FindCandidate({}, {{"a.conf", "x"}, {"b.conf", "y"}}, Refusing(true, &tests)));
  EXPECT_EQ(tests, 1);
}

TEST(CandidateTest, BlamesNobodyForWhatWasBrokenBefore) {
  int tests = 0;
  EXPECT_THAT(FindCandidate({{"foreign", "BAD"}}, {{"a.conf", "x"}}, Refusing(false, &tests)),
              IsError(StatusCode::kFailedPrecondition, "bad things"));
}

}  // namespace
}  // namespace reeve::agents::nginx
