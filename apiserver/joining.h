// How machines become hosts: tokens, and certificates for them. No wire.
//
// A token reads reeve1.<id>.<secret>. The store keeps, under its id, the host it is for and the
// SHA-256 of its secret. Joining burns the token, pins the key of the new certificate for the
// host's uid, and happens once: a host that has joined needs to be removed before its name can join
// again. Every refusal of a token reads the same. Thread safety: safe.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "apiserver/identity.h"
#include "apiserver/pki.h"
#include "apiserver/registry.h"
#include "base/clock.h"
#include "reeve/v1/content.pb.h"
#include "reeve/v1/records.pb.h"

namespace reeve::apiserver {

class Joining {
 public:
  struct Options {
    Registry* registry = nullptr;
    Clock* clock = nullptr;
    std::string estate;
    KeyPair ca;
    std::function<std::string(size_t)> random_text = RandomBase32;
  };
  explicit Joining(Options options) : options_(std::move(options)) {}

  // For administrators. Makes the Host if it is not there. FAILED_PRECONDITION: it has joined, or
  // is being deleted.
  absl::StatusOr<std::string> CreateToken(const Identity& who,
                                          const v1::CreateTokenRequest& request);
  // UNAUTHENTICATED: the token is wrong, used, or too old. INVALID_ARGUMENT: the request for a
  // certificate is none. Fills in everything but the endpoint.
  absl::StatusOr<v1::JoinResponse> Join(const v1::JoinRequest& request);

 private:
  struct Found {
    std::string key;
    Revision modified = 0;
    v1::JoinToken token;
  };
  absl::StatusOr<v1::Object> EnsureHost(const Identity& who, const std::string& name);
  absl::StatusOr<bool> HasJoined(const std::string& host_uid) const;
  absl::StatusOr<Found> FindToken(const std::string& id) const;
  absl::Status CountFailure(Found found);
  absl::Status CheckHost(const v1::JoinToken& token) const;
  absl::Status Burn(const Found& found, const std::string& cert_pem);

  const Options options_;
};

}  // namespace reeve::apiserver
