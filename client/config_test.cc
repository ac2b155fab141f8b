#include "client/config.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/testing/status_matchers.h"

namespace reeve::client {
namespace {

constexpr std::string_view kText = R"(# Mine.
clusters:
  - name: c
    cluster:
      server: https://h:7443/
      certificate-authority: ca.crt
      tls-server-name: reeve
users:
  - name: u
    user:
      client-certificate-data: Q0VSVA==
      client-key-data: |
        -----BEGIN PRIVATE KEY-----
        x
contexts:
  - name: one
    context:
      cluster: c
      user: u
  - name: two
    context:
      cluster: c
      user: u
      namespace: shops
  - name: broken
    context:
      cluster: none
      user: u
current-context: one  # For now.
)";

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = testing::TempDir() + "configXXXXXX";
    dir_ = mkdtemp(pattern.data());
    Write("ca.crt", "CA");
    path_ = Write("config", kText);
  }
  ~ConfigTest() override { std::filesystem::remove_all(dir_); }
  std::string Write(const std::string& name, std::string_view text) {
    std::ofstream(dir_ / name) << text;
    return (dir_ / name).string();
  }

  std::filesystem::path dir_;
  std::string path_;
};

TEST(ConfigPath, Precedence) {
  std::map<std::string, std::string, std::less<>> env = {
      {"CTL_CONFIG", "/c"}, {"XDG_CONFIG_HOME", "/x"}, {"HOME", "/h"}};
  const auto get = [&](std::string_view name) {
    const auto it = env.find(name);
    return it == env.end() ? std::string() : it->second;
  };
  EXPECT_EQ(ConfigPath("/flag", get), "/flag");
  EXPECT_EQ(ConfigPath("", get), "/c");
  env.erase("CTL_CONFIG");
  EXPECT_EQ(ConfigPath("", get), "/x/ctl/config");
  env.erase("XDG_CONFIG_HOME");
  EXPECT_EQ(ConfigPath("", get), "/h/.config/ctl/config");
  env.clear();
  EXPECT_EQ(ConfigPath("", get), "");
}

TEST_F(ConfigTest, ResolvesFilesBase64AndPem) {
  ASSERT_OK_AND_ASSIGN(const ConfigFile file, LoadConfig(path_));
  ASSERT_OK_AND_ASSIGN(const Connection connection, Resolve(file, ""));
  EXPECT_EQ(connection.context, "one");
  EXPECT_EQ(connection.endpoint, "h:7443");
  EXPECT_EQ(connection.server_name, "reeve");
  EXPECT_EQ(connection.ca_pem, "CA");
  EXPECT_EQ(connection.cert_pem, "CERT");
  EXPECT_EQ(connection.key_pem, "-----BEGIN PRIVATE KEY-----\nx\n");
  EXPECT_EQ(connection.ns, "default");
  ASSERT_OK_AND_ASSIGN(const Connection other, Resolve(file, "two", "other:1"));
  EXPECT_EQ(other.ns, "shops");
  EXPECT_EQ(other.endpoint, "other:1");
}

TEST_F(ConfigTest, ASocketIsUsedWhereItCanBeOpened) {
  std::string text(kText);
  text.insert(text.find("      user: u\n"), "      socket: run/api.sock\n");
  const std::string path = Write("with-socket", text);
  ASSERT_OK_AND_ASSIGN(const ConfigFile file, LoadConfig(path));
  EXPECT_EQ(Resolve(file, "one")->socket, "");
  std::filesystem::create_directory(dir_ / "run");
  const std::string socket = Write("run/api.sock", "");
  EXPECT_EQ(Resolve(file, "one")->socket, socket);
  EXPECT_EQ(Resolve(file, "one")->endpoint, "h:7443");
  EXPECT_EQ(Resolve(file, "one", "other:1")->socket, "") << "the server that was asked for";
  EXPECT_EQ(Resolve(file, "two")->socket, "") << "another context";
  std::filesystem::permissions(dir_ / "run", std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(Resolve(file, "one")->socket, "") << "another's, perhaps";
  std::filesystem::permissions(dir_ / "run", std::filesystem::perms::group_write,
                               std::filesystem::perm_options::remove);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(socket.c_str(), 65534, 65534), 0);
    EXPECT_EQ(Resolve(file, "one")->socket, "");
    return;  // Root can open all.
  }
  std::filesystem::permissions(socket, std::filesystem::perms::none);
  EXPECT_EQ(Resolve(file, "one")->socket, "");
}

TEST_F(ConfigTest, SaysWhatIsWrong) {
  EXPECT_THAT(LoadConfig((dir_ / "none").string()), IsError(absl::StatusCode::kNotFound, "none"));
  ASSERT_OK_AND_ASSIGN(const ConfigFile file, LoadConfig(path_));
  EXPECT_THAT(Resolve(file, "three"),
              IsError(absl::StatusCode::kInvalidArgument, "context \"three\" does not exist"));
  EXPECT_THAT(Resolve(file, "broken"),
              IsError(absl::StatusCode::kInvalidArgument, "there is no cluster \"none\""));
  std::filesystem::remove(dir_ / "ca.crt");
  EXPECT_THAT(Resolve(file, ""), IsError(absl::StatusCode::kNotFound, "certificate-authority: "));
  EXPECT_THAT(ParseConfig("clusters:\n  - nme: x\n", "cfg"),
              IsError(absl::StatusCode::kInvalidArgument, "cfg:2:5"));
}

TEST_F(ConfigTest, UseContextChangesOneLine) {
  std::filesystem::permissions(
      path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSERT_OK(UseContext(path_, "two"));
  ASSERT_OK_AND_ASSIGN(const ConfigFile file, LoadConfig(path_));
  EXPECT_EQ(file.config.current_context(), "two");
  EXPECT_EQ(file.config.contexts_size(), 3);
  EXPECT_EQ(static_cast<int>(std::filesystem::status(path_).permissions()), 0600);
  EXPECT_THAT(UseContext(path_, "three"), IsError(absl::StatusCode::kNotFound, "three"));
}

TEST(WithCurrentContext, ReplacesOrAdds) {
  EXPECT_EQ(WithCurrentContext("# a\ncurrent-context: x\nb: 1\n", "y"),
            "# a\ncurrent-context: y\nb: 1\n");
  EXPECT_EQ(WithCurrentContext("b: 1", "y"), "b: 1\ncurrent-context: y\n");
}

}  // namespace
}  // namespace reeve::client
