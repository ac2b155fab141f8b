#include "tests/clients/client_fixture.h"

#include <filesystem>
#include <fstream>

#include "base/status.h"
#include "tests/support/channels.h"

namespace reeve::clients {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

}  // namespace

Estate::Estate(const std::string& program) : server_(dir_.path() + "/reeve", program) {
  // Clients keep caches and configs in their home, and must not meet a proxy.
  setenv("HOME", dir().c_str(), 1);
  setenv("KUBECONFIG", kubeconfig().c_str(), 1);
  setenv("NO_PROXY", "*", 1);
  setenv("no_proxy", "*", 1);
  EXPECT_TRUE(server_.Init().ok());
  const absl::Status started = server_.Start();
  EXPECT_TRUE(started.ok()) << started;
  const Ran made =
      Run({support::BinDir() + "/ctl", "kubeconfig", "--config", dir() + "/reeve/admin.conf",
           "--url", "https://" + server_.kube_endpoint(), "--out", kubeconfig()});
  EXPECT_EQ(made.code, 0) << made.output;
}

std::string Estate::NewLog() { return fmt::format("{}/run-{}.log", dir(), ++logs_); }

Ran Estate::Run(const std::vector<std::string>& argv, const std::string& in) {
  const std::string log = NewLog();
  auto child =
      support::ChildProcess::Start(argv, log, in.empty() ? "/dev/null" : File("stdin", in));
  if (!child.ok()) return {-1, child.status().ToString()};
  Ran ran;
  ran.code = child->Wait(kPatience);
  ran.output = support::ReadFile(log);
  return ran;
}

support::ChildProcess Estate::Begin(const std::vector<std::string>& argv, const std::string& log) {
  auto child = support::ChildProcess::Start(argv, log);
  CHECK(child.ok(), child.status().ToString());
  return *std::move(child);
}

std::string Estate::File(const std::string& name, std::string_view content) {
  const std::string path = dir() + "/" + name;
  std::ofstream(path, std::ios::trunc) << content;
  return path;
}

bool Estate::Comes(const std::string& path, std::string_view text) {
  return support::WaitUntil(
      kPatience, [&] { return support::ReadFile(path).find(text) != std::string::npos; });
}

}  // namespace reeve::clients
