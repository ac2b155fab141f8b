#include "apiserver/joining.h"

#include "apiserver/keys.h"
#include "apiserver/timestamps.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/object.h"
#include "reeve/v1/host.pb.h"

namespace reeve::apiserver {
namespace {

constexpr size_t kIdSize = 8;
constexpr size_t kSecretSize = 26;  // 130 bits.
constexpr std::string_view kScheme = "reeve1";
constexpr absl::Duration kCertLifetime = absl::Hours(24 * 365);

absl::Status BadToken() {
  return Unauthenticated("the token is not valid: it is wrong, was used, or is too old");
}

absl::StatusOr<absl::Duration> TtlOf(const v1::CreateTokenRequest& request) {
  if (!request.has_ttl()) return kJoinTokenTtl;
  const absl::Duration ttl = absl::Seconds(request.ttl().seconds());
  if (ttl > absl::ZeroDuration() && ttl <= kJoinTokenTtlMax) return ttl;
  return InvalidArgument("ttl: must be between 1s and {}", absl::FormatDuration(kJoinTokenTtlMax));
}

ObjectKey HostKey(const std::string& name) { return {"Host", "", name}; }

absl::Status CheckCommitted(const store::CommitResult& result) {
  return absl::IsAborted(result.status) ? BadToken() : result.status;
}

}  // namespace

absl::StatusOr<v1::Object> Joining::EnsureHost(const Identity& who, const std::string& name) {
  absl::StatusOr<ObjectPtr> present = options_.registry->Get(who, HostKey(name));
  if (absl::IsNotFound(present.status())) {
    v1::Object host;
    host.mutable_host()->mutable_metadata()->set_name(name);
    present = options_.registry->Create(who, host, {.manager = "ctl-token"});
  }
  RETURN_IF_ERROR(present.status());
  return static_cast<v1::Object&>(**present);
}

absl::StatusOr<bool> Joining::HasJoined(const std::string& host_uid) const {
  ASSIGN_OR_RETURN(const auto view, options_.registry->store()->Read());
  ASSIGN_OR_RETURN(const std::optional<store::Version> identity,
                   view->Get(HostIdentityKey(host_uid)));
  return identity.has_value();
}

absl::StatusOr<std::string> Joining::CreateToken(const Identity& who,
                                                 const v1::CreateTokenRequest& request) {
  if (who.role != Identity::Role::kAdmin)
    return PermissionDenied("only administrators make tokens");
  ASSIGN_OR_RETURN(const absl::Duration ttl, TtlOf(request));
  ASSIGN_OR_RETURN(const v1::Object host, EnsureHost(who, request.host()));
  const v1::ObjectMeta& meta = schema::Meta(host);
  if (meta.has_deletion_timestamp())
    return FailedPrecondition("host \"{}\" is being deleted", meta.name());
  ASSIGN_OR_RETURN(const bool joined, HasJoined(meta.uid()));
  if (joined) {
    return FailedPrecondition(
        "host \"{0}\" has joined already: remove it first (ctl host remove {0}), or choose another "
        "name",
        meta.name());
  }
  const std::string id = options_.random_text(kIdSize);
  const std::string secret = options_.random_text(kSecretSize);
  v1::JoinToken token;
  token.set_host(meta.name());
  token.set_host_uid(meta.uid());
  token.set_secret_sha256(Sha256Bytes(secret));
  *token.mutable_expires() = ToTimestamp(options_.clock->Read().wall + ttl);
  store::Txn txn;
  txn.preconditions.push_back(store::MustBeAbsent(JoinTokenKey(id)));
  txn.writes.push_back({JoinTokenKey(id), token.SerializeAsString()});
  RETURN_IF_ERROR(options_.registry->store()->Commit(std::move(txn)).status);
  return fmt::format("{}.{}.{}", kScheme, id, secret);
}

absl::StatusOr<Joining::Found> Joining::FindToken(const std::string& id) const {
  Found found{.key = JoinTokenKey(id)};
  ASSIGN_OR_RETURN(const auto view, options_.registry->store()->Read());
  ASSIGN_OR_RETURN(const std::optional<store::Version> version, view->Get(found.key));
  if (!version.has_value() || !found.token.ParseFromString(version->value)) return BadToken();
  found.modified = version->modified;
  return found;
}

absl::Status Joining::CountFailure(Found found) {
  found.token.set_failures(found.token.failures() + 1);
  const bool dead = found.token.failures() >= kJoinTokenFailuresMax;
  store::Txn txn;
  txn.preconditions.push_back(store::MustBeAt(found.key, found.modified));
  txn.writes.push_back(
      {found.key, dead ? std::nullopt : std::optional(found.token.SerializeAsString())});
  RETURN_IF_ERROR(CheckCommitted(options_.registry->store()->Commit(std::move(txn))));
  return BadToken();
}

absl::Status Joining::CheckHost(const v1::JoinToken& token) const {
  const absl::StatusOr<ObjectPtr> host =
      options_.registry->Get(Identity::Admin(), HostKey(token.host()));
  if (!host.ok() || schema::Meta(**host).uid() != token.host_uid()) return BadToken();
  if (schema::Meta(**host).has_deletion_timestamp()) return BadToken();
  ASSIGN_OR_RETURN(const bool joined, HasJoined(token.host_uid()));
  return joined ? BadToken() : absl::OkStatus();
}

absl::Status Joining::Burn(const Found& found, const std::string& cert_pem) {
  v1::HostIdentity identity;
  identity.set_uid(found.token.host_uid());
  ASSIGN_OR_RETURN(*identity.add_spki_sha256(), SpkiSha256(cert_pem));
  const std::string key = HostIdentityKey(found.token.host_uid());
  store::Txn txn;
  txn.preconditions.push_back(store::MustBeAt(found.key, found.modified));
  txn.preconditions.push_back(store::MustBeAbsent(key));
  txn.writes.push_back({found.key, std::nullopt});
  txn.writes.push_back({key, identity.SerializeAsString()});
  return CheckCommitted(options_.registry->store()->Commit(std::move(txn)));
}

absl::StatusOr<v1::JoinResponse> Joining::Join(const v1::JoinRequest& request) {
  const std::vector<std::string> parts = Split(request.token(), '.');
  if (parts.size() != 3 || parts[0] != kScheme) return BadToken();
  ASSIGN_OR_RETURN(const Found found, FindToken(parts[1]));
  if (!SameSecret(Sha256Bytes(parts[2]), found.token.secret_sha256())) return CountFailure(found);
  const absl::Time now = options_.clock->Read().wall;
  if (now >= FromTimestamp(found.token.expires())) return BadToken();
  RETURN_IF_ERROR(CheckHost(found.token));
  v1::JoinResponse response;
  response.set_host(found.token.host());
  response.set_host_uid(found.token.host_uid());
  response.set_ca_pem(options_.ca.cert_pem);
  response.set_epoch(options_.registry->store()->epoch());
  const CertRequest profile = {
      .common_name = found.token.host(),
      .uri = SpiffeUri(options_.estate, {"host", found.token.host(), found.token.host_uid()}),
      .now = now,
      .lifetime = kCertLifetime};
  ASSIGN_OR_RETURN(*response.mutable_certificate_pem(),
                   CertForCsr(options_.ca, request.csr_pem(), profile));
  RETURN_IF_ERROR(Burn(found, response.certificate_pem()));
  return response;
}

}  // namespace reeve::apiserver
