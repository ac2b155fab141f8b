// /metrics of every program: promtool finds nothing wrong, and docs/metrics.md names all that is
// there.
#include <curl/curl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "agents/testing/agent_harness.h"
#include "base/metrics.h"
#include "base/testing/golden.h"
#include "base/testing/status_matchers.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve::integration {
namespace {

using support::ChildProcess;

constexpr char kPromtool[] = "/usr/bin/promtool";
constexpr absl::Duration kPatience = absl::Seconds(60);

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// Empty when nobody answers.
std::string Fetch(const std::string& url) {
  std::string body;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  const bool answered = curl_easy_perform(curl) == CURLE_OK;
  curl_easy_cleanup(curl);
  return answered ? body : "";
}

// As soon as `mark` is in it.
std::string MetricsWith(const std::string& address, const std::string& mark) {
  std::string text;
  const bool found = support::WaitUntil(kPatience, [&] {
    text = Fetch("http://" + address + "/metrics");
    return text.find(mark) != std::string::npos;
  });
  EXPECT_TRUE(found) << "no " << mark << " in\n" << text;
  return text;
}

// host:port of `what` (api, http), from the endpoints.json that the server writes when it serves.
std::string AddressOf(const std::string& what, const std::string& data_dir) {
  const std::string mark = "\"" + what + "\": \"";
  std::string text;
  const bool written = support::WaitUntil(kPatience, [&] {
    text = support::ReadFile(data_dir + "/endpoints.json");
    return text.find(mark) != std::string::npos;
  });
  EXPECT_TRUE(written) << support::ReadFile(data_dir + "/server.log");
  if (!written) return "";
  const size_t start = text.find(mark) + mark.size();
  return text.substr(start, text.find('"', start) - start);
}

std::string ApiServerMetrics() {
  support::TempDir dir;
  support::ApiServer server(dir.path());
  EXPECT_OK(server.Init());
  EXPECT_OK(server.Start());
  return MetricsWith(AddressOf("http", dir.path()), "apiserver_request_total{");
}

// One request, so that those of requests are there.
bool Ask(const std::string& endpoint, const std::string& pki) {
  grpc::ClientContext context;
  support::WaitForServer(&context, kPatience);
  v1::VersionResponse version;
  const auto stub = v1::Resources::NewStub(support::Connect(endpoint, pki, 1)[0]);
  return stub->Version(&context, {}, &version).ok();
}

std::string StandaloneMetrics() {
  support::TempDir dir;
  EXPECT_OK(support::ApiServer(dir.path()).Init());
  const absl::StatusOr<ChildProcess> process =
      ChildProcess::Start({support::BinDir() + "/reeve-standalone", "serve", "--data-dir",
                           dir.path(), "--listen", "127.0.0.1:0", "--join-listen", "127.0.0.1:0",
                           "--http-listen", "127.0.0.1:0", "--kube-listen", "127.0.0.1:0"},
                          dir.path() + "/server.log");
  EXPECT_OK(process);
  const std::string address = AddressOf("http", dir.path());
  EXPECT_TRUE(Ask(AddressOf("api", dir.path()), dir.path() + "/pki"));
  return MetricsWith(address, "controller_runtime_reconcile_total{");
}

std::string ControllersMetrics() {
  support::TempDir dir;
  support::ApiServer server(dir.path());
  EXPECT_OK(server.Init());
  EXPECT_OK(server.Start());
  const std::string address = fmt::format("127.0.0.1:{}", support::FreePort());
  const absl::StatusOr<ChildProcess> process = ChildProcess::Start(
      {support::BinDir() + "/reeve-controllers", "--server", server.endpoint(), "--ca-file",
       server.pki() + "/ca.crt", "--cert-file", server.pki() + "/controllers.crt", "--key-file",
       server.pki() + "/controllers.key", "--probe-address", address},
      dir.path() + "/controllers.log");
  EXPECT_OK(process);
  return MetricsWith(address, "controller_runtime_reconcile_total{");
}

// The agent needs a machine of its own: here its core runs on one in memory, in this process.
std::string AgentMetrics() {
  agents::AgentHarness agent;
  agent.Apply(agent.ProcessWork("blog", 20000, agent.blob1));
  agent.Settle();
  return RenderMetrics();
}

struct Family {
  std::string type;
  std::string help;
  std::set<std::string> programs;
};

// From the HELP and TYPE lines.
void Collect(const std::string& program, const std::string& text,
             std::map<std::string, Family>* families) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, what, name;
    if (!(words >> hash >> what >> name) || hash != "#") continue;
    std::string rest;
    std::getline(words >> std::ws, rest);
    Family& family = (*families)[name];
    family.programs.insert(program);
    (what == "HELP" ? family.help : family.type) = rest;
  }
}

std::string Page(const std::map<std::string, Family>& families) {
  std::string text =
      "# Metrics\n\n"
      "Every program serves `/metrics` in Prometheus' text format. Where Kubernetes' API server, "
      "controller-runtime or\n"
      "client-go have a name for a thing, it is used, so that dashboards for them work. Labels "
      "come from closed sets\n"
      "(verb, resource, code, controller, provider, result), never from names of objects.\n\n"
      "`reeve-standalone` has what `reeve-apiserver` and `reeve-controllers` have, but for the "
      "election of a leader.\n\n"
      "This page is what the programs themselves say; `metrics_test` compares it, and "
      "`UPDATE_GOLDEN=1` renews it.\n\n"
      "| name | type | what | programs |\n| --- | --- | --- | --- |\n";
  for (const auto& [name, family] : families) {
    std::string programs;
    for (const std::string& program : family.programs)
      programs += (programs.empty() ? "" : ", ") + program;
    text += fmt::format("| `{}` | {} | {} | {} |\n", name, family.type, family.help, programs);
  }
  return text;
}

class MetricsTest : public testing::Test {
 protected:
  // One run of each program serves all tests.
  static const std::map<std::string, std::string>& Texts() {
    static const auto* const texts =
        new std::map<std::string, std::string>{{"agent", AgentMetrics()},
                                               {"apiserver", ApiServerMetrics()},
                                               {"controllers", ControllersMetrics()},
                                               {"standalone", StandaloneMetrics()}};
    return *texts;
  }
};

TEST_F(MetricsTest, PromtoolFindsNothingWrong) {
  if (!std::filesystem::exists(kPromtool))
    GTEST_SKIP() << "promtool (Debian's package prometheus) is not installed";
  support::TempDir dir;
  for (const auto& [program, text] : Texts()) {
    const std::string path = dir.path() + "/" + program;
    std::ofstream(path) << text;
    const absl::StatusOr<std::string> said =
        support::RunToEnd({kPromtool, "check", "metrics"}, path + ".log", path);
    ASSERT_OK(said) << program;
    EXPECT_EQ(*said, "") << program;
  }
}

TEST_F(MetricsTest, PromtoolWouldFindWhatIsWrong) {
  if (!std::filesystem::exists(kPromtool))
    GTEST_SKIP() << "promtool (Debian's package prometheus) is not installed";
  support::TempDir dir;
  std::ofstream(dir.path() + "/bad") << "# TYPE things counter\nthings 1\n";
  EXPECT_FALSE(
      support::RunToEnd({kPromtool, "check", "metrics"}, dir.path() + "/log", dir.path() + "/bad")
          .ok());
}

TEST_F(MetricsTest, TheDocumentNamesThemAll) {
  std::map<std::string, Family> families;
  for (const auto& [program, text] : Texts()) Collect("reeve-" + program, text, &families);
  ExpectGolden("docs/metrics.md", Page(families));
}

}  // namespace
}  // namespace reeve::integration
