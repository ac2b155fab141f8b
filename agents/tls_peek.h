// What a join needs of TLS before there is anybody to trust: a key, and a look at who answers.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>

namespace reeve::agents {

struct KeyAndRequest {
  std::string key_pem;  // ECDSA P-256.
  std::string csr_pem;
};
absl::StatusOr<KeyAndRequest> NewKeyAndRequest();

struct Peer {
  std::string ca_pem;         // The certificate whose key has the pin.
  std::string local_address;  // Ours, as the connection had it.
};
// Makes one TLS handshake with `endpoint` (host:port), trusts nothing, sends nothing, and finds in
// the chain that the server shows the certificate whose public key (DER SubjectPublicKeyInfo) has
// the SHA-256 `pin`. PERMISSION_DENIED: none has.
absl::StatusOr<Peer> FindPinnedCa(const std::string& endpoint, std::string_view pin,
                                  absl::Duration timeout);

// 64 lower-case hex digits; "sha256:" before them is taken. INVALID_ARGUMENT otherwise.
absl::StatusOr<std::string> ParsePin(std::string_view text);

}  // namespace reeve::agents
