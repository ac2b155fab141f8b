#include "agents/identity.h"

#include <google/protobuf/text_format.h>

#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr std::string_view kIdentity = "identity.pem";
constexpr std::string_view kCa = "ca.pem";
constexpr std::string_view kConfig = "agent.conf";
constexpr std::string_view kCertificateBegin = "-----BEGIN CERTIFICATE-----";
constexpr uint64_t kBytesMax = 1 << 20;
constexpr uint32_t kMode = 0600;

}  // namespace

absl::StatusOr<bool> HasIdentity(Root& state) {
  const absl::StatusOr<FileInfo> info = state.Stat(kIdentity);
  if (absl::IsNotFound(info.status())) return false;
  RETURN_IF_ERROR(info.status());
  return true;
}

absl::StatusOr<Identity> LoadIdentity(Root& state) {
  const absl::StatusOr<std::string> pem = state.Read(kIdentity, kBytesMax);
  if (absl::IsNotFound(pem.status())) {
    return FailedPrecondition(
        "this machine has not joined: there is no {}/{}. Run `ctl host token NAME` where ctl "
        "works, and then the "
        "command that it prints, here",
        state.path(), kIdentity);
  }
  RETURN_IF_ERROR(pem.status());
  const size_t cut = pem->find(kCertificateBegin);
  if (cut == std::string::npos || cut == 0)
    return DataLoss("{}/{} holds no key and certificate", state.path(), kIdentity);
  Identity identity = {.key_pem = pem->substr(0, cut), .cert_pem = pem->substr(cut)};
  ASSIGN_OR_RETURN(identity.ca_pem, state.Read(kCa, kBytesMax));
  ASSIGN_OR_RETURN(const std::string config, state.Read(kConfig, kBytesMax));
  if (!google::protobuf::TextFormat::ParseFromString(config, &identity.config)) {
    return DataLoss("{}/{} cannot be read", state.path(), kConfig);
  }
  return identity;
}

absl::Status SaveIdentity(Root& state, const Identity& identity) {
  std::string config;
  google::protobuf::TextFormat::PrintToString(identity.config, &config);
  RETURN_IF_ERROR(ReplaceFile(state, kCa, identity.ca_pem, kMode));
  RETURN_IF_ERROR(ReplaceFile(state, kConfig, config, kMode));
  return ReplaceFile(state, kIdentity, identity.key_pem + identity.cert_pem, kMode);
}

}  // namespace reeve::agents
