#include "client/transport_error.h"

#include <absl/strings/cord.h>
#include <fmt/format.h>

#include <array>
#include <string>

namespace reeve::client {
namespace {

constexpr char kMark[] = "reeve/transport-error";

struct Explanation {
  std::string_view symptom;  // Part of gRPC's message.
  std::string_view words;    // {0} is the endpoint.
};

// In this order: the first that fits speaks.
constexpr std::array kExplanations = {
    Explanation{
        "Connection refused",
        "The connection to the server {0} was refused - did you specify the right host or port?"},
    Explanation{"DNS resolution failed",
                "Unable to connect to the server: lookup {0}: no such host"},
    Explanation{"certificate verify failed",
                "Unable to connect to the server: the certificate of {0} is not signed by the "
                "authority in your "
                "config; has the control plane been initialised again?"},
    Explanation{"is not in peer certificate",
                "Unable to connect to the server: the certificate of {0} is for another name; set "
                "tls-server-name in "
                "your config, or use the name it was made for"},
    Explanation{"WRONG_VERSION_NUMBER",
                "Unable to connect to the server: {0} does not speak TLS - is it another port of "
                "the server?"},
    Explanation{"wrong version number",
                "Unable to connect to the server: {0} does not speak TLS - is it another port of "
                "the server?"},
    Explanation{"andshake failed",
                "Unable to connect to the server: {0} and your config do not agree on TLS; check "
                "the certificates of "
                "the current user"},
    Explanation{"Socket closed",
                "Unable to connect to the server: {0} closed the connection; check that the "
                "current user's client "
                "certificate is of this control plane and not expired"},
    Explanation{"empty address list",
                "Unable to connect to the server: a certificate or key in your config for {0} is "
                "not PEM, or damaged"},
    Explanation{"No route to host", "Unable to connect to the server: {0}: no route to host"},
    Explanation{"Network is unreachable",
                "Unable to connect to the server: {0}: network is unreachable"},
    Explanation{"failed to connect to all addresses",
                "Unable to connect to the server: {0} does not answer"},
};

absl::Status Rewritten(const absl::Status& status, std::string_view words,
                       std::string_view endpoint) {
  absl::Status result(status.code(), fmt::format(fmt::runtime(words), endpoint));
  result.SetPayload(kMark, absl::Cord(std::string(status.message())));
  return result;
}

}  // namespace

absl::Status ExplainTransportError(const absl::Status& status, std::string_view endpoint) {
  if (status.code() == absl::StatusCode::kDeadlineExceeded &&
      status.message() == "Deadline Exceeded") {
    return Rewritten(status, "Unable to connect to the server: no answer from {0} in time",
                     endpoint);
  }
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  const std::string message(status.message());
  for (const Explanation& explanation : kExplanations) {
    if (message.find(explanation.symptom) != std::string::npos)
      return Rewritten(status, explanation.words, endpoint);
  }
  return status;
}

bool IsTransportError(const absl::Status& status) { return status.GetPayload(kMark).has_value(); }

}  // namespace reeve::client
