// `ctl completion` in the shells themselves, with names from a real server.
#include <gmock/gmock.h>

#include "tests/clients/client_fixture.h"
#include "tests/support/channels.h"

namespace reeve::clients {
namespace {

constexpr std::string_view kEstate = R"(apiVersion: reeve/v1
kind: Namespace
metadata: {name: shops}
---
apiVersion: reeve/v1
kind: Site
metadata: {name: blog, namespace: default}
spec: {type: Static, replicas: 0}
---
apiVersion: reeve/v1
kind: Site
metadata: {name: shop, namespace: shops}
spec: {type: Static, replicas: 0}
)";

class Shells : public ::testing::Test {
 protected:
  // The admin's, with the server's port.
  static std::string Config() {
    std::string text = support::ReadFile(estate_->dir() + "/reeve/admin.conf");
    constexpr std::string_view kDefault = "127.0.0.1:7443";
    const size_t at = text.find(kDefault);
    EXPECT_NE(at, text.npos) << text;
    return estate_->File("reeve/ctl.conf",
                         text.replace(at, kDefault.size(), estate_->server().endpoint()));
  }

  static void SetUpTestSuite() {
    estate_ = new Estate;
    setenv("CTL_CONFIG", Config().c_str(), 1);
    const std::string path = support::BinDir() + ":" + getenv("PATH");
    setenv("PATH", path.c_str(), 1);
    const Ran made = estate_->Run({"ctl", "apply", "-f", estate_->File("estate.yaml", kEstate)});
    EXPECT_EQ(made.code, 0) << made.output;
  }
  static void TearDownTestSuite() { delete estate_; }

  static bool HasShell(const std::string& name) {
    return estate_->Run({"/bin/sh", "-c", "command -v " + name}).code == 0;
  }

  // What the shell makes of each of `lines`.
  static std::string Complete(const std::string& shell, const std::vector<std::string>& options,
                              const std::vector<std::string>& lines) {
    std::vector<std::string> argv = {shell};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back("tests/clients/shells/complete." + shell);
    argv.insert(argv.end(), lines.begin(), lines.end());
    const Ran ran = estate_->Run(argv);
    EXPECT_EQ(ran.code, 0) << ran.output;
    return ran.output;
  }

  static Estate* estate_;
};

Estate* Shells::estate_ = nullptr;

const std::vector<std::string>& Lines() {
  static const std::vector<std::string> lines = {
      "ctl ge",           "ctl get --no-h",           "ctl get dom",           "ctl get site/bl",
      "ctl get sites bl", "ctl get sites -n shops s", "ctl get sites -n s",    "ctl config use-c",
      "ctl -n sh",        "ctl get sites --output=y", "ctl events --types=Nor"};
  return lines;
}

TEST_F(Shells, Bash) {
  EXPECT_EQ(Complete("bash", {"--norc"}, Lines()),
            "get\n--no-headers\ndomains\nsite/blog\nblog\nshop\nshops\nuse-context\nshops\nyaml\n"
            "Normal\n");
}

TEST_F(Shells, BashHasFiles) {
  EXPECT_EQ(Complete("bash", {"--norc"}, {"ctl apply -f ctl/completion/ctl.b", "ctl push docs/ki"}),
            "ctl/completion/ctl.bash\ndocs/kinds\n");
}

TEST_F(Shells, Zsh) {
  if (!HasShell("zsh")) GTEST_SKIP() << "there is no zsh here";
  EXPECT_EQ(Complete("zsh", {"-f"}, Lines()),
            "ctl get |\nctl get --no-headers |\nctl get domains |\nctl get site/blog |\n"
            "ctl get sites blog |\nctl get sites -n shops shop |\nctl get sites -n shops |\n"
            "ctl config use-context |\nctl -n shops |\nctl get sites --output=yaml |\n"
            "ctl events --types=Normal |\n");
}

TEST_F(Shells, ZshPutsNoBlankAfterWhatGoesOn) {
  if (!HasShell("zsh")) GTEST_SKIP() << "there is no zsh here";
  EXPECT_EQ(Complete("zsh", {"-f"}, {"ctl explain site.spec.pl", "ctl wait site/blog --for jsonp"}),
            "ctl explain site.spec.placement|\nctl wait site/blog --for jsonpath=|\n");
}

TEST_F(Shells, Fish) {
  if (!HasShell("fish")) GTEST_SKIP() << "there is no fish here";
  EXPECT_EQ(Complete("fish", {"--no-config"}, Lines()),
            "get\tShow objects\n--no-headers\tNo line of headers\n"
            "domains\tOne hostname bound to a Site (dom)\nsite/blog\nblog\nshop\nshops\n"
            "use-context\tMake a context the current one\nshops\n--output=yaml\n"
            "--types=Normal\n");
}

}  // namespace
}  // namespace reeve::clients
