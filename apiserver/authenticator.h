// From a verified client certificate to an Identity. Nothing but its one URI SAN counts; a host's
// must also be the living Host's uid, and its key the one that was pinned when it joined. What a
// certificate says is read once. No wire. Thread safety: safe.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "apiserver/host_directory.h"
#include "apiserver/identity.h"
#include "base/mutex.h"

namespace reeve::apiserver {

class Authenticator {
 public:
  // `hosts` must outlive it.
  Authenticator(HostDirectory* hosts, std::string estate)
      : hosts_(hosts), estate_(std::move(estate)) {}

  // `cert_pem` is the leaf, whose chain was verified. UNAUTHENTICATED with the reason otherwise.
  absl::StatusOr<Identity> Identify(const std::string& cert_pem) const;
  // Whether an identity that was good still is: for calls that last.
  absl::Status CheckStill(const Identity& who) const { return hosts_->Check(who); }

 private:
  // What a certificate says.
  struct Named {
    std::vector<std::string> parts;  // Of its URI, below the estate.
    std::string spki_sha256;
  };
  absl::StatusOr<std::shared_ptr<const Named>> Read(const std::string& cert_pem) const;
  absl::StatusOr<Named> Parse(const std::string& cert_pem) const;

  HostDirectory* const hosts_;
  const std::string estate_;
  mutable Mutex mu_;
  mutable absl::flat_hash_map<std::string, std::shared_ptr<const Named>> read_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::apiserver
