// How a machine becomes a host: with a token that works once, from a server whose CA key is known
// beforehand.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "agents/provider.h"

namespace reeve::agents {

struct JoinOptions {
  std::string server;  // host:port of the join port.
  std::string token;
  std::string ca_sha256;  // Checked before the token is sent.
  bool disable_distro_default = false;
};

// Sets up nginx for Reeve (an empty generation, the hook file), checks the pin, sends the token and
// the request for a certificate, and keeps what comes back. Everything before the token is sent can
// be repeated. Returns the host's name.
absl::StatusOr<std::string> Join(const JoinOptions& options, const Host& host);

}  // namespace reeve::agents
