// Keys and certificates: ECDSA P-256, one certificate authority, one URI SAN for each identity. The
// only door to OpenSSL's X.509 in the server.
//
// Identities: spiffe://<estate>/user/<name>, /controller/<name>, /host/<name>/<uid>. All texts are
// PEM. Thread safety: pure functions; keys and serial numbers come from OpenSSL's generator.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

namespace reeve::apiserver {

struct KeyPair {
  std::string key_pem;
  std::string cert_pem;
};

struct CertRequest {
  std::string common_name;           // For people; nothing is decided by it.
  std::string uri;                   // The identity; empty for a server.
  std::vector<std::string> servers;  // DNS names and addresses of a server; empty for a client.
  absl::Time now;
  absl::Duration lifetime;
};

absl::StatusOr<KeyPair> MakeCa(const std::string& estate, absl::Time now);
// A new key and its certificate, signed by `ca`.
absl::StatusOr<KeyPair> MakeCert(const KeyPair& ca, const CertRequest& request);
// A certificate for the key of `csr_pem`; of the CSR only its key is used. INVALID_ARGUMENT when it
// is none, is not signed by its own key, or the key is weak.
absl::StatusOr<std::string> CertForCsr(const KeyPair& ca, const std::string& csr_pem,
                                       const CertRequest& request);

// A CSR and the key it is for: what joining hosts make.
struct Csr {
  std::string key_pem;
  std::string csr_pem;
};
absl::StatusOr<Csr> MakeCsr();

// Lower-case hex SHA-256 of the DER SubjectPublicKeyInfo of the first certificate in `cert_pem`.
absl::StatusOr<std::string> SpkiSha256(const std::string& cert_pem);
// The DNS names and addresses that a server's certificate is for.
absl::StatusOr<std::vector<std::string>> ServerNames(const std::string& cert_pem);
// Its URI SANs.
absl::StatusOr<std::vector<std::string>> UriNames(const std::string& cert_pem);

// What a spiffe URI of `estate` says: {"host", "h1", "<uid>"}. UNAUTHENTICATED when it is none.
absl::StatusOr<std::vector<std::string>> ParseSpiffe(const std::string& uri,
                                                     const std::string& estate);
std::string SpiffeUri(const std::string& estate, const std::vector<std::string>& parts);

// From OpenSSL's generator: `size` random characters of a-z2-7.
std::string RandomBase32(size_t size);
// A random UUID of version 4.
std::string RandomUuid();
// Compares in constant time.
bool SameSecret(std::string_view a, std::string_view b);

}  // namespace reeve::apiserver
