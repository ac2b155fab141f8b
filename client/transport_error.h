// gRPC's words for "I could not reach it" in words that say what to do.
#pragma once

#include <absl/status/status.h>

#include <string_view>

namespace reeve::client {

// `status` with one line about `endpoint` instead of gRPC's text, when it says that the connection
// failed; otherwise unchanged. The code stays.
absl::Status ExplainTransportError(const absl::Status& status, std::string_view endpoint);

// True for what ExplainTransportError has rewritten: no server gave this answer.
bool IsTransportError(const absl::Status& status);

}  // namespace reeve::client
