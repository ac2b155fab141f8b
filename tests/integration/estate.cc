#include "tests/integration/estate.h"

#include <sstream>

#include "base/status.h"
#include "client/grpc_client.h"
#include "ctl/run.h"
#include "tests/support/channels.h"

namespace reeve::integration {

absl::Status Estate::Start() {
  RETURN_IF_ERROR(server_.Init());
  RETURN_IF_ERROR(server_.Start());
  client::GrpcOptions options;
  options.endpoint = server_.endpoint();
  options.ca_pem = support::ReadFile(server_.pki() + "/ca.crt");
  options.cert_pem = support::ReadFile(server_.pki() + "/admin.crt");
  options.key_pem = support::ReadFile(server_.pki() + "/admin.key");
  ASSIGN_OR_RETURN(api_, client::NewGrpcClient(options));
  return absl::OkStatus();
}

Said Estate::Ctl(const std::vector<std::string>& argv, const std::string& in) const {
  std::istringstream input(in);
  std::ostringstream out;
  std::ostringstream err;
  ctl::Io io{.in = input, .out = out, .err = err};
  io.connect = client::NewGrpcClient;
  std::vector<std::string> all = argv;
  all.push_back("--config=" + dir() + "/reeve/admin.conf");
  all.push_back("--server=" + server_.endpoint());
  Said said;
  said.code = ctl::Run(all, io);
  said.out = out.str();
  said.err = err.str();
  return said;
}

int64_t Estate::Revision() {
  const absl::StatusOr<v1::VersionResponse> version = api_->Version();
  CHECK(version.ok(), "the server answers: " + std::string(version.status().message()));
  return version->revision();
}

}  // namespace reeve::integration
