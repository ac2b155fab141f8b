#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/durable_file.h"
#include "client/config.h"
#include "ctl/run.h"

namespace reeve::ctl {
namespace {

using testing::HasSubstr;

constexpr std::string_view kConfig = R"(apiVersion: v1
kind: Config
clusters:
  - name: c
    cluster:
      server: cp.example.test:7443
      certificate-authority-data: Q0E=
users:
  - name: u
    user:
      client-certificate-data: Q0VSVA==
      client-key-data: S0VZ
  - name: nobody
    user: {}
contexts:
  - name: here
    context: {cluster: c, user: u, namespace: shops}
  - name: without
    context: {cluster: c, user: nobody}
current-context: here
)";

class KubeconfigTest : public ::testing::Test {
 protected:
  KubeconfigTest() { std::ofstream(config_) << kConfig; }
  ~KubeconfigTest() override { std::filesystem::remove_all(dir_); }

  int Ctl(std::vector<std::string> args) {
    args.insert(args.end(), {"--config", config_});
    out_.str("");
    err_.str("");
    return ctl::Run(args, Io{.in = in_, .out = out_, .err = err_});
  }

  static std::string NewDir() {
    std::string name = ::testing::TempDir() + "/kubeconfig-XXXXXX";
    return mkdtemp(name.data());
  }
  const std::string dir_ = NewDir();
  const std::string config_ = dir_ + "/config";
  std::istringstream in_;
  std::ostringstream out_, err_;
};

TEST_F(KubeconfigTest, HoldsTheContextWithItsFiles) {
  ASSERT_EQ(Ctl({"kubeconfig"}), 0) << err_.str();
  const auto config = client::ParseConfig(out_.str(), "out");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->clusters(0).cluster().server(), "https://cp.example.test:7446");
  const auto connection = client::Resolve({.path = config_, .config = *config}, "");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->ca_pem, "CA");
  EXPECT_EQ(connection->cert_pem, "CERT");
  EXPECT_EQ(connection->key_pem, "KEY");
  EXPECT_EQ(connection->ns, "shops");
}

TEST_F(KubeconfigTest, GoesToAFileForItsOwnerAlone) {
  const std::string path = dir_ + "/kube";
  ASSERT_EQ(Ctl({"kubeconfig", "--out", path, "--url", "10.0.0.1:8443", "-n", "default"}), 0)
      << err_.str();
  EXPECT_EQ(out_.str(), "");
  const auto text = ReadFile(path);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("server: https://10.0.0.1:8443\n"));
  EXPECT_THAT(*text, HasSubstr("namespace: default\n"));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KubeconfigTest, WhatCannotBe) {
  EXPECT_EQ(Ctl({"kubeconfig", "--context", "without"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("no client certificate"));
  EXPECT_EQ(Ctl({"kubeconfig", "--url", "http://x"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("--url: must be https://host:port"));
}

}  // namespace
}  // namespace reeve::ctl
