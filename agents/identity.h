// Who this host is to the control plane: a key that never leaves it, and the certificate for it.
//
// In the state directory, all 0600: identity.pem (key, certificate, chain), ca.pem, agent.conf.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "agents/os/files.h"
#include "reeve/agent/v1/config.pb.h"

namespace reeve::agents {

namespace pb = ::reeve::agent::v1;

struct Identity {
  std::string key_pem;
  std::string cert_pem;  // Ours, then its chain.
  std::string ca_pem;
  pb::AgentConfig config;
};

// FAILED_PRECONDITION, with what to do, when this machine has not joined.
absl::StatusOr<Identity> LoadIdentity(Root& state);
// The identity itself comes last: a join that was interrupted has not happened.
absl::Status SaveIdentity(Root& state, const Identity& identity);
absl::StatusOr<bool> HasIdentity(Root& state);

}  // namespace reeve::agents
