#include <filesystem>

#include "base/status.h"
#include "etcd.pb.h"
#include "tests/bench/peer.h"
#include "tests/support/channels.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using google::protobuf::io::CodedInputStream;
using support::ChildProcess;
using support::FreePort;

constexpr char kPrefix[] = "/sites/default/";
constexpr char kPrefixEnd[] = "/sites/default0";
constexpr char kRange[] = "/etcdserverpb.KV/Range";

etcdserverpb::RangeRequest RangeFrom(const std::string& first) {
  etcdserverpb::RangeRequest request;
  request.set_key(first);
  request.set_range_end(kPrefixEnd);
  return request;
}

// The key of a KeyValue, which is its first field.
std::string KeyOf(CodedInputStream* in) {
  std::string key;
  uint32_t size = 0;
  in->ReadTag();
  if (!in->ReadVarint32(&size) || !in->ReadString(&key, static_cast<int>(size)))
    Require(Internal("a page that cannot be read"));
  return key;
}

int64_t RevisionOf(const grpc::ByteBuffer& page) {
  etcdserverpb::ResponseHeader header;
  VisitFields(page, etcdserverpb::RangeResponse::kHeaderFieldNumber,
              [&](CodedInputStream* in) { header.ParseFromCodedStream(in); });
  return header.revision();
}

class EtcdPeer final : public Peer {
 public:
  EtcdPeer(std::string dir, std::string pki)
      : dir_(std::move(dir)), pki_(std::move(pki)), port_(FreePort()), peer_port_(FreePort()) {}

  std::string name() const override { return "etcd"; }
  Connections* connections() override { return connections_.get(); }

  // A transaction that fails if the key is there: what a Kubernetes API server does for a create.
  Request Create(const std::string& key) const override {
    etcdserverpb::TxnRequest request;
    etcdserverpb::Compare* compare = request.add_compare();
    compare->set_target(etcdserverpb::Compare::CREATE);
    compare->set_key(kPrefix + key);
    etcdserverpb::PutRequest* put = request.add_success()->mutable_request_put();
    put->set_key(kPrefix + key);
    put->set_value(Filler());
    return MakeRequest("/etcdserverpb.KV/Txn", request);
  }
  absl::Status Created(const grpc::ByteBuffer& answer) const override {
    etcdserverpb::TxnResponse txn;
    txn.ParseFromString(ToBytes(answer));
    return txn.succeeded() ? absl::OkStatus() : AlreadyExists("the key is there");
  }

  Request Get(const std::string& key) const override {
    etcdserverpb::RangeRequest request;
    request.set_key(kPrefix + key);
    return MakeRequest(kRange, request);
  }

  absl::StatusOr<int> List() override {
    ASSIGN_OR_RETURN(const grpc::ByteBuffer answer,
                     connections_->Call(MakeRequest(kRange, RangeFrom(kPrefix))));
    return CountFields(answer, etcdserverpb::RangeResponse::kKvsFieldNumber);
  }

  // As Kubernetes pages: all pages of the first one's revision.
  absl::StatusOr<int> ListPaged() override {
    etcdserverpb::RangeRequest request = RangeFrom(kPrefix);
    request.set_limit(kPageObjects);
    int count = 0;
    for (bool more = true; more;) {
      ASSIGN_OR_RETURN(const grpc::ByteBuffer answer,
                       connections_->Call(MakeRequest(kRange, request)));
      std::string last;
      const int kvs = VisitFields(answer, etcdserverpb::RangeResponse::kKvsFieldNumber,
                                  [&](CodedInputStream* in) { last = KeyOf(in); });
      count += kvs;
      more = kvs == kPageObjects;
      if (!more) break;
      request.set_key(last + '\0');
      if (request.revision() == 0) request.set_revision(RevisionOf(answer));
    }
    return count;
  }

  absl::StatusOr<Request> Watch() override {
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key(kPrefix);
    request.mutable_create_request()->set_range_end(kPrefixEnd);
    return MakeRequest("/etcdserverpb.Watch/Watch", request);
  }
  bool watch_answers() const override { return true; }

  void Kill() override { server_->Kill(); }

  absl::Status Start() override {
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
    const std::string endpoint = fmt::format("127.0.0.1:{}", port_);
    if (!support::WaitForListener(endpoint, absl::Seconds(60)))
      return Unavailable("etcd does not listen; see {}/etcd.log", dir_);
    connections_ = std::make_unique<Connections>(support::Connect(endpoint, pki_, kConnections));
    const bool up =
        support::WaitUntil(absl::Seconds(60), [&] { return connections_->Call(Get("")).ok(); });
    return up ? absl::OkStatus() : Unavailable("etcd does not answer; see {}/etcd.log", dir_);
  }

  int pid() const override { return server_->pid(); }

 private:
  const std::string dir_;
  const std::string pki_;
  const int port_;
  const int peer_port_;
  std::unique_ptr<ChildProcess> server_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> NewEtcdPeer(const std::string& dir) {
  std::filesystem::create_directories(dir);
  auto peer = std::make_unique<EtcdPeer>(dir, dir + "/pki");
  RETURN_IF_ERROR(peer->Start());
  return peer;
}

}  // namespace reeve::bench
