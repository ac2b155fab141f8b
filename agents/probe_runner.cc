#include "agents/probe_runner.h"

#include <fmt/format.h>

#include "agents/prober.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr int kStatusOkFirst = 200;
constexpr int kStatusOkLast = 399;

}  // namespace

absl::Status RunProbe(Net* net, const v1::Artifact::Probe& probe) {
  const absl::Duration timeout = ProbeTimeout(probe.check());
  if (probe.check().http_path().empty()) {
    return Annotate(net->TcpConnect(probe.port(), timeout),
                    fmt::format("connecting to port {}", probe.port()));
  }
  const absl::StatusOr<HttpAnswer> answer = net->HttpGet({.port = probe.port(),
                                                          .host = "localhost",
                                                          .path = probe.check().http_path(),
                                                          .timeout = timeout});
  RETURN_IF_ERROR(Annotate(
      answer.status(), fmt::format("GET {} on port {}", probe.check().http_path(), probe.port())));
  if (answer->status >= kStatusOkFirst && answer->status <= kStatusOkLast) return absl::OkStatus();
  return Unavailable("GET {} on port {} answered {}", probe.check().http_path(), probe.port(),
                     answer->status);
}

}  // namespace reeve::agents
