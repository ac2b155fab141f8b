#include "apiserver/authenticator.h"

#include <utility>

#include "apiserver/pki.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// More than there are clients, but for those that get new certificates all the time.
constexpr size_t kCertificatesRememberedMax = 10'000;

}  // namespace

absl::StatusOr<Authenticator::Named> Authenticator::Parse(const std::string& cert_pem) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> uris, UriNames(cert_pem));
  if (uris.size() != 1)
    return Unauthenticated("the certificate must have exactly one URI, it has {}", uris.size());
  Named named;
  ASSIGN_OR_RETURN(named.parts, ParseSpiffe(uris[0], estate_));
  ASSIGN_OR_RETURN(named.spki_sha256, SpkiSha256(cert_pem));
  return named;
}

absl::StatusOr<std::shared_ptr<const Authenticator::Named>> Authenticator::Read(
    const std::string& cert_pem) const {
  {
    MutexLock lock(&mu_);
    const auto known = read_.find(cert_pem);
    if (known != read_.end()) return known->second;
  }
  ASSIGN_OR_RETURN(Named parsed, Parse(cert_pem));
  auto named = std::make_shared<const Named>(std::move(parsed));
  MutexLock lock(&mu_);
  if (read_.size() >= kCertificatesRememberedMax) read_.clear();
  read_[cert_pem] = named;
  return named;
}

absl::StatusOr<Identity> Authenticator::Identify(const std::string& cert_pem) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Named> named, Read(cert_pem));
  const std::vector<std::string>& parts = named->parts;
  if (parts.size() == 2 && parts[0] == "user") {
    if (parts[1] == "admin") return Identity::Admin();
    return Unauthenticated("there is no user {}", parts[1]);
  }
  if (parts.size() == 2 && parts[0] == "controller") return Identity::Controller(parts[1]);
  if (parts.size() != 3 || parts[0] != "host")
    return Unauthenticated("the certificate names no identity of {}", estate_);
  const Identity host = Identity::Host(parts[1], parts[2]);
  RETURN_IF_ERROR(hosts_->CheckKey(host, named->spki_sha256));
  return host;
}

}  // namespace reeve::apiserver
