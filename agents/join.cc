#include "agents/join.h"

#include <grpc/support/time.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>

#include "agents/identity.h"
#include "agents/nginx/setup.h"
#include "agents/tls_peek.h"
#include "base/status.h"
#include "client/grpc_client.h"
#include "proto/schema/rpc_status.h"
#include "reeve/v1/content.grpc.pb.h"

namespace reeve::agents {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(15);
constexpr uint32_t kStateMode = 0700;

absl::StatusOr<v1::JoinResponse> SendToken(const JoinOptions& options, const std::string& ca_pem,
                                           const std::string& csr_pem) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem;
  const auto channel = grpc::CreateCustomChannel(
      options.server, grpc::SslCredentials(tls),
      client::ChannelArgumentsFor({.endpoint = options.server, .timeout = kTimeout}));
  const auto stub = v1::Join::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(kTimeout), GPR_TIMESPAN)));
  v1::JoinRequest request;
  request.set_token(options.token);
  request.set_csr_pem(csr_pem);
  v1::JoinResponse response;
  RETURN_IF_ERROR(schema::FromGrpc(stub->Join(&context, request, &response)));
  return response;
}

Identity IdentityFrom(const v1::JoinResponse& response, const std::string& key_pem,
                      const std::string& address) {
  Identity identity = {
      .key_pem = key_pem, .cert_pem = response.certificate_pem(), .ca_pem = response.ca_pem()};
  identity.config.set_host(response.host());
  identity.config.set_host_uid(response.host_uid());
  identity.config.set_api_endpoint(response.api_endpoint());
  identity.config.set_address(address);
  return identity;
}

absl::Status MakeRoots(const Host& host) {
  constexpr uint32_t kPublicMode = 0755;
  return OpenOrMake(*host.files, host.paths.content, kPublicMode).status();
}

}  // namespace

absl::StatusOr<std::string> Join(const JoinOptions& options, const Host& host) {
  ASSIGN_OR_RETURN(const std::string pin, ParsePin(options.ca_sha256));
  ASSIGN_OR_RETURN(const auto state, OpenOrMake(*host.files, host.paths.state, kStateMode));
  ASSIGN_OR_RETURN(const bool joined, HasIdentity(*state));
  if (joined) {
    return AlreadyExists(
        "this machine has joined already; to join anew, remove {}/identity.pem first",
        host.paths.state);
  }
  RETURN_IF_ERROR(nginx::Prepare(host, options.disable_distro_default));
  RETURN_IF_ERROR(MakeRoots(host));
  ASSIGN_OR_RETURN(const Peer peer, FindPinnedCa(options.server, pin, kTimeout));
  ASSIGN_OR_RETURN(const KeyAndRequest key, NewKeyAndRequest());
  ASSIGN_OR_RETURN(const v1::JoinResponse response, SendToken(options, peer.ca_pem, key.csr_pem));
  RETURN_IF_ERROR(SaveIdentity(*state, IdentityFrom(response, key.key_pem, peer.local_address)));
  return response.host();
}

}  // namespace reeve::agents
