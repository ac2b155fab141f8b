#include "tests/support/api_server.h"

#include <signal.h>

#include <filesystem>

#include "base/status.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/support/channels.h"

namespace reeve::support {
namespace {

constexpr absl::Duration kStartMax = absl::Seconds(60);

bool Answers(v1::Resources::Stub* stub) {
  grpc::ClientContext context;
  WaitForServer(&context, absl::Seconds(1));
  v1::VersionResponse version;
  return stub->Version(&context, {}, &version).ok();
}

}  // namespace

ApiServer::ApiServer(std::string dir, std::string program)
    : dir_(std::move(dir)),
      program_(std::move(program)),
      port_(FreePort()),
      kube_port_(FreePort()) {
  std::filesystem::create_directories(dir_);
}

absl::Status ApiServer::Init() {
  return RunToEnd({BinDir() + "/reeve-apiserver", "init", "--data-dir", dir_, "--san", "127.0.0.1"},
                  dir_ + "/init.log")
      .status();
}

absl::Status ApiServer::Start() {
  ASSIGN_OR_RETURN(
      ChildProcess process,
      ChildProcess::Start({BinDir() + "/" + program_, "serve", "--data-dir", dir_, "--listen",
                           endpoint(), "--join-listen", "127.0.0.1:0", "--http-listen",
                           "127.0.0.1:0", "--kube-listen", kube_endpoint()},
                          log()));
  process_ = std::make_unique<ChildProcess>(std::move(process));
  if (!WaitForListener(endpoint(), kStartMax))
    return Unavailable("reeve-apiserver does not listen; see {}", log());
  const auto stub = v1::Resources::NewStub(Connect(endpoint(), pki(), 1)[0]);
  if (WaitUntil(kStartMax, [&] { return Answers(stub.get()); })) return absl::OkStatus();
  return Unavailable("reeve-apiserver does not answer; see {}", log());
}

absl::Status ApiServer::Stop() {
  process_->Signal(SIGTERM);
  if (process_->Wait(absl::Seconds(30)) != 0)
    return Unavailable("reeve-apiserver does not stop in order");
  return absl::OkStatus();
}

void ApiServer::Kill() { process_->Kill(); }

std::string ApiServer::endpoint() const { return fmt::format("127.0.0.1:{}", port_); }
std::string ApiServer::kube_endpoint() const { return fmt::format("127.0.0.1:{}", kube_port_); }

}  // namespace reeve::support
