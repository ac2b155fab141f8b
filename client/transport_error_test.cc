#include "client/transport_error.h"

#include <gtest/gtest.h>

#include <string>

#include "base/testing/status_matchers.h"

namespace reeve::client {
namespace {

std::string Explained(const std::string& message) {
  return std::string(ExplainTransportError(absl::UnavailableError(message), "h:1").message());
}

// Left: gRPC 1.51's own words, as they were seen.
TEST(TransportError, SaysWhatToDo) {
  EXPECT_EQ(
      Explained("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed "
                "to connect to "
                "remote host: Connection refused"),
      "The connection to the server h:1 was refused - did you specify the right host or port?");
  EXPECT_EQ(Explained("DNS resolution failed for x: C-ares status is not ARES_SUCCESS qtype=A "
                      "name=x is_balancer=0"),
            "Unable to connect to the server: lookup h:1: no such host");
  EXPECT_NE(Explained("Socket closed").find("client certificate"), std::string::npos);
  EXPECT_NE(Explained("failed to connect to all addresses; last error: UNKNOWN: Ssl handshake "
                      "failed: SSL_ERROR_SSL: "
                      "error:0A000086:SSL routines::certificate verify failed")
                .find("not signed by the authority"),
            std::string::npos);
}

TEST(TransportError, KeepsCodeAndMarks) {
  const absl::Status status =
      ExplainTransportError(absl::UnavailableError("Connection refused"), "h:1");
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_TRUE(IsTransportError(status));
  EXPECT_TRUE(IsTransportError(
      ExplainTransportError(absl::DeadlineExceededError("Deadline Exceeded"), "h:1")));
}

TEST(TransportError, TheServersOwnAnswersStay) {
  for (const absl::Status& status :
       {absl::UnavailableError("the store is stopping"), absl::NotFoundError("Connection refused"),
        absl::OkStatus(), absl::DeadlineExceededError("the commit took too long")}) {
    EXPECT_EQ(ExplainTransportError(status, "h:1"), status);
    EXPECT_FALSE(IsTransportError(status));
  }
}

}  // namespace
}  // namespace reeve::client
