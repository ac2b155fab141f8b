#include "apiserver/service_context.h"

#include <fmt/format.h>

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <vector>

namespace reeve::apiserver {
namespace {

std::vector<std::string> Values(const grpc::AuthContext& auth, const char* name) {
  std::vector<std::string> values;
  for (const grpc::string_ref& value : auth.FindPropertyValues(name))
    values.emplace_back(value.data(), value.size());
  return values;
}

// Over the Unix socket of the data directory, which only its owner and root can open: those who can
// read the administrator's key beside it. gRPC says so of no other connection.
bool IsLocal(const grpc::AuthContext& auth) {
  return Values(auth, GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME) ==
         std::vector<std::string>{"local"};
}

}  // namespace

absl::StatusOr<Identity> IdentityOf(const ServiceContext& context,
                                    const grpc::ServerContextBase& call) {
  const std::shared_ptr<const grpc::AuthContext> auth = call.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated())
    return Unauthenticated("a client certificate is needed");
  const std::vector<std::string> certs = Values(*auth, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (certs.empty() && IsLocal(*auth)) return Identity::Admin();
  if (certs.size() != 1) return Unauthenticated("a client certificate is needed");
  return context.authenticator->Identify(certs[0]);
}

absl::Status Refuse(grpc::CallbackServerContext* call) {
  call->AddTrailingMetadata(schema::kRetryAfterKey,
                            fmt::format("{}", absl::ToInt64Milliseconds(RetryAfter())));
  return ResourceExhausted("the server is busy; try again");
}

}  // namespace reeve::apiserver
