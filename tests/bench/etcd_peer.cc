#include <signal.h>

#include <filesystem>

#include "base/status.h"
#include "etcd.grpc.pb.h"
#include "tests/bench/peer.h"
#include "tests/bench/watches.h"
#include "tests/support/channels.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using support::ChildProcess;
using support::FreePort;
using support::ToStatus;

constexpr char kPrefix[] = "/sites/default/";
constexpr char kPrefixEnd[] = "/sites/default0";

class EtcdPeer final : public Peer {
 public:
  EtcdPeer(std::string dir, std::string pki)
      : dir_(std::move(dir)), pki_(std::move(pki)), port_(FreePort()), peer_port_(FreePort()) {}

  std::string name() const override { return "etcd"; }

  // A transaction that fails if the key is there: what a Kubernetes API server does for a create.
  absl::Status Create(int client, const std::string& key) override {
    etcdserverpb::TxnRequest request;
    etcdserverpb::Compare* compare = request.add_compare();
    compare->set_target(etcdserverpb::Compare::CREATE);
    compare->set_key(kPrefix + key);
    etcdserverpb::PutRequest* put = request.add_success()->mutable_request_put();
    put->set_key(kPrefix + key);
    put->set_value(Filler());
    grpc::ClientContext context;
    etcdserverpb::TxnResponse answer;
    RETURN_IF_ERROR(ToStatus(kv_[client % kConnections]->Txn(&context, request, &answer)));
    return answer.succeeded() ? absl::OkStatus() : AlreadyExists("{}", key);
  }

  absl::Status Get(int client, const std::string& key) override {
    etcdserverpb::RangeRequest request;
    request.set_key(kPrefix + key);
    grpc::ClientContext context;
    etcdserverpb::RangeResponse answer;
    RETURN_IF_ERROR(ToStatus(kv_[client % kConnections]->Range(&context, request, &answer)));
    return answer.kvs_size() == 1 ? absl::OkStatus() : NotFound("{}", key);
  }

  absl::StatusOr<int> List(int client) override {
    etcdserverpb::RangeRequest request;
    request.set_key(kPrefix);
    request.set_range_end(kPrefixEnd);
    grpc::ClientContext context;
    etcdserverpb::RangeResponse answer;
    RETURN_IF_ERROR(ToStatus(kv_[client % kConnections]->Range(&context, request, &answer)));
    return answer.kvs_size();
  }

  absl::Status Watch(int client, std::function<void(const std::string&)> seen) override {
    return watches_.Start(
        [this, client, seen = std::move(seen)](grpc::ClientContext* context, const auto& ready) {
          auto stream = watch_[client % kConnections]->Watch(context);
          etcdserverpb::WatchRequest request;
          request.mutable_create_request()->set_key(kPrefix);
          request.mutable_create_request()->set_range_end(kPrefixEnd);
          stream->Write(request);
          etcdserverpb::WatchResponse answer;
          while (stream->Read(&answer)) {
            if (answer.created()) ready();
            for (const etcdserverpb::Event& event : answer.events())
              seen(event.kv().key().substr(sizeof kPrefix - 1));
          }
          stream->Finish();
        });
  }

  void StopWatches() override { watches_.Stop(); }

  absl::Status Restart() override {
    server_->Signal(SIGTERM);
    if (server_->Wait(absl::Seconds(30)) < 0) return Unavailable("etcd does not stop");
    return Start();
  }

  int64_t ResidentBytes() const override { return ResidentBytesOf(server_->pid()); }

  absl::Status Start() {
    const std::string url = fmt::format("https://127.0.0.1:{}", port_);
    const std::string peer_url = fmt::format("http://127.0.0.1:{}", peer_port_);
    ASSIGN_OR_RETURN(ChildProcess server, ChildProcess::Start({"etcd",
                                                               "--name",
                                                               "bench",
                                                               "--data-dir",
                                                               dir_ + "/etcd",
                                                               "--listen-client-urls",
                                                               url,
                                                               "--advertise-client-urls",
                                                               url,
                                                               "--listen-peer-urls",
                                                               peer_url,
                                                               "--initial-advertise-peer-urls",
                                                               peer_url,
                                                               "--initial-cluster",
                                                               "bench=" + peer_url,
                                                               "--cert-file",
                                                               pki_ + "/server.crt",
                                                               "--key-file",
                                                               pki_ + "/server.key",
                                                               "--trusted-ca-file",
                                                               pki_ + "/ca.crt",
                                                               "--client-cert-auth",
                                                               "--log-level",
                                                               "error",
                                                               "--quota-backend-bytes",
                                                               "4294967296"},
                                                              dir_ + "/etcd.log"));
    server_ = std::make_unique<ChildProcess>(std::move(server));
    kv_.clear();
    watch_.clear();
    for (const auto& channel :
         support::Connect(fmt::format("127.0.0.1:{}", port_), pki_, kConnections)) {
      kv_.push_back(etcdserverpb::KV::NewStub(channel));
      watch_.push_back(etcdserverpb::Watch::NewStub(channel));
    }
    const bool up = support::WaitUntil(absl::Seconds(60), [&] { return Answers(); });
    return up ? absl::OkStatus() : Unavailable("etcd does not answer; see {}/etcd.log", dir_);
  }

 private:
  // Waits as ApiServer::Start does.
  bool Answers() {
    grpc::ClientContext context;
    support::WaitForServer(&context, absl::Seconds(1));
    etcdserverpb::RangeRequest request;
    request.set_key(kPrefix);
    etcdserverpb::RangeResponse answer;
    return kv_[0]->Range(&context, request, &answer).ok();
  }

  const std::string dir_;
  const std::string pki_;
  const int port_;
  const int peer_port_;
  std::unique_ptr<ChildProcess> server_;
  std::vector<std::unique_ptr<etcdserverpb::KV::Stub>> kv_;
  std::vector<std::unique_ptr<etcdserverpb::Watch::Stub>> watch_;
  Watches watches_;  // Ended before the stubs go.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> NewEtcdPeer(const std::string& dir) {
  std::filesystem::create_directories(dir);
  auto peer = std::make_unique<EtcdPeer>(dir, dir + "/pki");
  RETURN_IF_ERROR(peer->Start());
  return peer;
}

}  // namespace reeve::bench
