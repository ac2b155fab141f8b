#include "client/http_probe_server.h"

#include <curl/curl.h>
#include <gmock/gmock.h>

#include <utility>

#include "base/metrics.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::client {
namespace {

using ::testing::HasSubstr;

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

// Code and body.
std::pair<long, std::string> Get(const std::string& url) {
  std::string body;
  long code = 0;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  if (curl_easy_perform(curl) == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  curl_easy_cleanup(curl);
  return {code, body};
}

TEST(HttpProbeServer, ServesProbesAndMetrics) {
  absl::Status storage;
  ASSERT_OK_AND_ASSIGN(
      const auto server,
      HttpProbeServer::Start("127.0.0.1:0", {{"storage", [&] { return storage; }}}));
  const Counter counter("probe_test_total", "For this test.");
  counter.Add();
  const std::string base = "http://" + server->address();
  EXPECT_EQ(Get(base + "/livez"), (std::pair<long, std::string>(200, "ok\n")));
  EXPECT_EQ(Get(base + "/readyz"), (std::pair<long, std::string>(200, "ok\n")));
  EXPECT_THAT(Get(base + "/readyz?verbose").second,
              HasSubstr("[+]storage ok\nreadyz check passed"));
  EXPECT_THAT(Get(base + "/metrics").second, HasSubstr("probe_test_total 1"));
  EXPECT_EQ(Get(base + "/other").first, 404);
  storage = ResourceExhausted("no space");
  EXPECT_EQ(Get(base + "/readyz").first, 503);
  EXPECT_THAT(Get(base + "/readyz").second, HasSubstr("[-]storage failed: no space"));
  EXPECT_EQ(Get(base + "/livez").first, 200);
}

TEST(HttpProbeServer, SaysWhereItCannotListen) {
  EXPECT_THAT(HttpProbeServer::Start("nowhere", {}),
              IsError(absl::StatusCode::kInvalidArgument, "must be host:port"));
  ASSERT_OK_AND_ASSIGN(const auto first, HttpProbeServer::Start("127.0.0.1:0", {}));
  EXPECT_THAT(HttpProbeServer::Start("192.0.2.1:80", {}),
              IsError(absl::StatusCode::kUnavailable, "192.0.2.1:80"));
}

}  // namespace
}  // namespace reeve::client
