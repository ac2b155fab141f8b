// From a verified client certificate to an Identity. Nothing but its one URI SAN counts; a host's
// must also be the living Host's uid, and its key the one that was pinned when it joined. No wire.
// Thread safety: safe.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "apiserver/identity.h"
#include "apiserver/registry.h"

namespace reeve::apiserver {

class Authenticator {
 public:
  Authenticator(Registry* registry, std::string estate)
      : registry_(registry), estate_(std::move(estate)) {}

  // `cert_pem` is the leaf, whose chain was verified. UNAUTHENTICATED with the reason otherwise.
  absl::StatusOr<Identity> Identify(const std::string& cert_pem) const;

 private:
  absl::StatusOr<Identity> IdentifyHost(const std::string& name, const std::string& uid,
                                        const std::string& cert_pem) const;

  Registry* const registry_;
  const std::string estate_;
};

}  // namespace reeve::apiserver
