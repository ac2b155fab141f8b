#include <filesystem>

#include "base/status.h"
#include "reeve/v1/resources.pb.h"
#include "tests/bench/peer.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve::bench {
namespace {

using google::protobuf::io::CodedInputStream;
using support::ApiServer;

constexpr char kService[] = "/reeve.v1.Resources/";

v1::Object Sample(const std::string& key) {
  v1::Object object;
  v1::Site* site = object.mutable_site();
  site->mutable_metadata()->set_name(key);
  site->mutable_metadata()->set_namespace_("default");
  (*site->mutable_metadata()->mutable_annotations())["bench.example/filler"] = Filler();
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  site->mutable_spec()->set_replicas(0);
  return object;
}

Request Make(const char* method, const google::protobuf::MessageLite& message) {
  return MakeRequest(std::string(kService) + method, message);
}

class ReevePeer final : public Peer {
 public:
  explicit ReevePeer(const std::string& dir) : server_(dir) {}

  absl::Status Init() {
    RETURN_IF_ERROR(server_.Init());
    return Start();
  }

  std::string name() const override { return "reeve"; }
  Connections* connections() override { return connections_.get(); }

  Request Create(const std::string& key) const override {
    v1::CreateRequest request;
    *request.mutable_object() = Sample(key);
    return Make("Create", request);
  }
  absl::Status Created(const grpc::ByteBuffer&) const override { return absl::OkStatus(); }

  Request Get(const std::string& key) const override {
    v1::GetRequest request;
    request.mutable_key()->set_kind("Site");
    request.mutable_key()->set_namespace_("default");
    request.mutable_key()->set_name(key);
    return Make("Get", request);
  }

  absl::StatusOr<int> List() override {
    v1::ListRequest request;
    request.mutable_selector()->set_kind("Site");
    int count = 0;
    RETURN_IF_ERROR(connections_->Stream(Make("List", request), [&](const grpc::ByteBuffer& chunk) {
      count += CountFields(chunk, v1::ListChunk::kItemsFieldNumber);
    }));
    return count;
  }

  absl::StatusOr<int> ListPaged() override {
    v1::ListRequest request;
    request.mutable_selector()->set_kind("Site");
    request.set_limit(kPageObjects);
    int count = 0;
    do {
      v1::ListSummary last;
      RETURN_IF_ERROR(
          connections_->Stream(Make("List", request), [&](const grpc::ByteBuffer& chunk) {
            count += CountFields(chunk, v1::ListChunk::kItemsFieldNumber);
            VisitFields(chunk, v1::ListChunk::kSummaryFieldNumber,
                        [&](CodedInputStream* in) { last.MergeFromCodedStream(in); });
          }));
      request.set_continue_(last.continue_());
    } while (!request.continue_().empty());
    return count;
  }

  absl::StatusOr<Request> Watch() override {
    v1::VersionResponse version;
    ASSIGN_OR_RETURN(const grpc::ByteBuffer answer,
                     connections_->Call(Make("Version", v1::VersionRequest())));
    version.ParseFromString(ToBytes(answer));
    v1::WatchRequest request;
    request.mutable_selector()->set_kind("Site");
    request.set_revision(version.revision());
    request.set_epoch(version.epoch());
    return Make("Watch", request);
  }
  bool watch_answers() const override { return false; }

  void Kill() override { server_.Kill(); }

  absl::Status Start() override {
    RETURN_IF_ERROR(server_.Start());
    connections_ = std::make_unique<Connections>(
        support::Connect(server_.endpoint(), server_.pki(), kConnections));
    return absl::OkStatus();
  }

  int pid() const override { return server_.pid(); }

 private:
  ApiServer server_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> NewReevePeer(const std::string& dir) {
  std::filesystem::create_directories(dir);
  auto peer = std::make_unique<ReevePeer>(dir);
  RETURN_IF_ERROR(peer->Init());
  return peer;
}

}  // namespace reeve::bench
