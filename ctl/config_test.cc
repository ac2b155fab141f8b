// ctl config, and which context a command uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "client/config.h"
#include "ctl/testing/run_fixture.h"

namespace reeve::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public RunTest {
 protected:
  std::string Contexts() {
    EXPECT_EQ(Ctl({"config", "get-contexts", "--no-headers"}), 0);
    return out_;
  }
};

TEST_F(ConfigTest, SetContextChangesOnlyWhatIsGiven) {
  EXPECT_EQ(Ctl({"config", "set-context", "--current", "--namespace=shops"}), 0);
  EXPECT_EQ(out_, "Context \"reeve\" modified.\n");
  EXPECT_EQ(Ctl({"config", "set-context", "test", "--cluster", "reeve", "--user=admin"}), 0);
  EXPECT_EQ(out_, "Context \"test\" created.\n");
  EXPECT_EQ(Contexts(),
            "*   reeve   reeve   admin   shops\n"
            "    prod    reeve   admin   shops\n"
            "    test    reeve   admin   \n");
  api_.Put(SiteNamed("blog", "shops"));
  Ctl({"get", "sites", "-o", "name"});
  EXPECT_EQ(out_, "site/blog\n");
}

TEST_F(ConfigTest, ASocketOfTheServersMachineIsPreferred) {
  std::string text(kConfig);
  text.insert(text.find("  - name: prod"), "      socket: run/api.sock\n");
  File("config", text);
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(connected_.endpoint, "127.0.0.1:7443");
  const std::string socket = File("run/api.sock", "");
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(connected_.endpoint, "unix:" + socket);
  EXPECT_EQ(Ctl({"get", "sites", "-s", "other:1"}), 0);
  EXPECT_EQ(connected_.endpoint, "other:1");
  // It goes with the context's server and user, and only with them.
  EXPECT_EQ(Ctl({"config", "set-context", "reeve", "--namespace=shops"}), 0);
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(connected_.endpoint, "unix:" + socket);
  EXPECT_EQ(Ctl({"config", "set-context", "reeve", "--user=admin"}), 0);
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
  EXPECT_EQ(connected_.endpoint, "127.0.0.1:7443");
}

TEST_F(ConfigTest, SetContextMakesTheFile) {
  const std::string path = dir_.string() + "/new/config";
  EXPECT_EQ(Ctl({"config", "set-context", "a", "--user=u", "--config", path}), 0);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(Ctl({"config", "view", "--config", path}), 0);
  EXPECT_EQ(out_, "apiVersion: v1\nkind: Config\ncontexts:\n- name: a\n  context:\n    user: u\n");
}

TEST_F(ConfigTest, SetContextRefusals) {
  EXPECT_EQ(Ctl({"config", "set-context", "a", "--current"}), 1);
  EXPECT_EQ(err_, "error: you cannot specify both a context name and --current\n");
  EXPECT_EQ(Ctl({"config", "set-context"}), 1);
  EXPECT_EQ(err_, "error: ctl config set-context takes one context name\n");
  EXPECT_EQ(Ctl({"config", "set-context", "--current", "--config", File("c", "kind: Config\n")}),
            1);
  EXPECT_EQ(err_, "error: no current context is set\n");
}

TEST_F(ConfigTest, RenameContext) {
  EXPECT_EQ(Ctl({"config", "rename-context", "reeve", "home"}), 0);
  EXPECT_EQ(out_, "Context \"reeve\" renamed to \"home\".\n");
  Ctl({"config", "current-context"});
  EXPECT_EQ(out_, "home\n");
  EXPECT_EQ(Ctl({"config", "rename-context", "reeve", "x"}), 1);
  EXPECT_EQ(err_, "error: cannot rename the context \"reeve\", it's not in config\n");
  EXPECT_EQ(Ctl({"config", "rename-context", "home", "prod"}), 1);
  EXPECT_THAT(err_, HasSubstr("the context \"prod\" already exists in config"));
  EXPECT_EQ(Ctl({"get", "sites"}), 0);
}

TEST_F(ConfigTest, DeleteContext) {
  EXPECT_EQ(Ctl({"config", "delete-context", "prod"}), 0);
  EXPECT_EQ(out_, "deleted context prod from config\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(Ctl({"config", "delete-context", "reeve"}), 0);
  EXPECT_THAT(err_, HasSubstr("Warning: this removed your current context"));
  EXPECT_EQ(Contexts(), "");
  EXPECT_EQ(Ctl({"config", "delete-context", "prod"}), 1);
  EXPECT_EQ(err_, "error: cannot delete context prod, not in config\n");
  EXPECT_EQ(Ctl({"get", "sites"}), 1);
  EXPECT_EQ(err_, "error: context \"reeve\" does not exist\n");
}

TEST_F(ConfigTest, GetContexts) {
  EXPECT_EQ(Ctl({"config", "get-contexts", "-o", "name"}), 0);
  EXPECT_EQ(out_, "reeve\nprod\n");
  EXPECT_EQ(Ctl({"config", "get-contexts", "prod", "--no-headers"}), 0);
  EXPECT_EQ(out_, "   prod   reeve   admin   shops\n");
  EXPECT_EQ(Ctl({"config", "get-contexts", "none"}), 1);
  EXPECT_EQ(err_, "error: context none not found\n");
  Ctl({"config", "current-context", "--context", "prod"});
  EXPECT_EQ(out_, "prod\n");
}

TEST_F(ConfigTest, ViewHidesWhatIsSecret) {
  EXPECT_EQ(Ctl({"config", "view"}), 0);
  EXPECT_THAT(out_, HasSubstr("certificate-authority-data: DATA+OMITTED\n"));
  EXPECT_THAT(out_, HasSubstr("- name: prod\n"));
  Ctl({"config", "view", "--raw"});
  EXPECT_THAT(out_, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_TRUE(client::ParseConfig(out_, "view").ok());
  Ctl({"config", "view", "--minify"});
  EXPECT_THAT(out_, Not(HasSubstr("prod")));
  Ctl({"config", "view", "--minify", "--context", "prod", "-o", "jsonpath={..namespace}"});
  EXPECT_EQ(out_, "shops");
  EXPECT_EQ(Ctl({"config", "view", "--minify", "--context", "none"}), 1);
  EXPECT_EQ(err_, "error: context \"none\" does not exist\n");
}

}  // namespace
}  // namespace reeve::ctl
