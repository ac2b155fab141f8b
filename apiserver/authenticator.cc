#include "apiserver/authenticator.h"

#include <algorithm>

#include "apiserver/keys.h"
#include "apiserver/pki.h"
#include "base/status.h"
#include "proto/schema/object.h"
#include "reeve/v1/host.pb.h"

namespace reeve::apiserver {

absl::StatusOr<Identity> Authenticator::Identify(const std::string& cert_pem) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> uris, UriNames(cert_pem));
  if (uris.size() != 1)
    return Unauthenticated("the certificate must have exactly one URI, it has {}", uris.size());
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, ParseSpiffe(uris[0], estate_));
  if (parts.size() == 2 && parts[0] == "user") {
    if (parts[1] == "admin") return Identity::Admin();
    return Unauthenticated("there is no user {}", parts[1]);
  }
  if (parts.size() == 2 && parts[0] == "controller") return Identity::Controller(parts[1]);
  if (parts.size() == 3 && parts[0] == "host") return IdentifyHost(parts[1], parts[2], cert_pem);
  return Unauthenticated("the certificate names no identity: {}", uris[0]);
}

absl::StatusOr<Identity> Authenticator::IdentifyHost(const std::string& name,
                                                     const std::string& uid,
                                                     const std::string& cert_pem) const {
  const absl::Status gone =
      Unauthenticated("host {} with uid {} is not of this estate (any more)", name, uid);
  const absl::StatusOr<ObjectPtr> host = registry_->Get(Identity::Admin(), {"Host", "", name});
  if (absl::IsNotFound(host.status())) return gone;
  RETURN_IF_ERROR(host.status());
  if (schema::Meta(**host).uid() != uid) return gone;
  ASSIGN_OR_RETURN(const auto view, registry_->store()->Read());
  ASSIGN_OR_RETURN(const std::optional<store::Version> version, view->Get(HostIdentityKey(uid)));
  v1::HostIdentity pinned;
  if (!version.has_value() || !pinned.ParseFromString(version->value)) return gone;
  ASSIGN_OR_RETURN(const std::string spki, SpkiSha256(cert_pem));
  const auto& keys = pinned.spki_sha256();
  if (std::find(keys.begin(), keys.end(), spki) == keys.end()) {
    return Unauthenticated("the key of this certificate is not the one that host {} joined with",
                           name);
  }
  return Identity::Host(name, uid);
}

}  // namespace reeve::apiserver
