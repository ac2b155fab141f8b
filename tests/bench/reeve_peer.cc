#include <filesystem>

#include "base/status.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/bench/peer.h"
#include "tests/bench/watches.h"
#include "tests/support/api_server.h"
#include "tests/support/channels.h"

namespace reeve::bench {
namespace {

using support::ApiServer;
using support::ToStatus;

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

class ReevePeer final : public Peer {
 public:
  explicit ReevePeer(const std::string& dir) : server_(dir) {}

  absl::Status Init() {
    RETURN_IF_ERROR(server_.Init());
    return Start();
  }

  std::string name() const override { return "reeve"; }

  absl::Status Create(int client, const std::string& key) override {
    v1::CreateRequest request;
    *request.mutable_object() = Sample(key);
    grpc::ClientContext context;
    v1::Object answer;
    return ToStatus(Stub(client)->Create(&context, request, &answer));
  }

  absl::Status Get(int client, const std::string& key) override {
    v1::GetRequest request;
    request.mutable_key()->set_kind("Site");
    request.mutable_key()->set_namespace_("default");
    request.mutable_key()->set_name(key);
    grpc::ClientContext context;
    v1::Object answer;
    return ToStatus(Stub(client)->Get(&context, request, &answer));
  }

  absl::StatusOr<int> List(int client) override {
    v1::ListRequest request;
    request.mutable_selector()->set_kind("Site");
    grpc::ClientContext context;
    auto stream = Stub(client)->List(&context, request);
    v1::ListChunk chunk;
    int count = 0;
    while (stream->Read(&chunk)) count += chunk.items_size();
    RETURN_IF_ERROR(ToStatus(stream->Finish()));
    return count;
  }

  absl::Status Watch(int client, std::function<void(const std::string&)> seen) override {
    v1::VersionResponse version;
    grpc::ClientContext version_context;
    RETURN_IF_ERROR(ToStatus(Stub(client)->Version(&version_context, {}, &version)));
    return watches_.Start([this, client, version, seen = std::move(seen)](
                              grpc::ClientContext* context, const auto& ready) {
      v1::WatchRequest request;
      request.mutable_selector()->set_kind("Site");
      request.set_revision(version.revision());
      request.set_epoch(version.epoch());
      auto stream = Stub(client)->Watch(context, request);
      stream->WaitForInitialMetadata();
      ready();
      v1::WatchEvent event;
      while (stream->Read(&event)) {
        if (event.type() == v1::WatchEvent::ADDED) seen(event.object().site().metadata().name());
      }
      stream->Finish();
    });
  }

  void StopWatches() override { watches_.Stop(); }

  absl::Status Restart() override {
    RETURN_IF_ERROR(server_.Stop());
    return Start();
  }

  int64_t ResidentBytes() const override { return ResidentBytesOf(server_.pid()); }

 private:
  absl::Status Start() {
    RETURN_IF_ERROR(server_.Start());
    stubs_.clear();
    for (const auto& channel : support::Connect(server_.endpoint(), server_.pki(), kConnections)) {
      stubs_.push_back(v1::Resources::NewStub(channel));
    }
    return absl::OkStatus();
  }

  v1::Resources::Stub* Stub(int client) { return stubs_[client % stubs_.size()].get(); }

  ApiServer server_;
  std::vector<std::unique_ptr<v1::Resources::Stub>> stubs_;
  Watches watches_;  // Ended before the stubs go.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> NewReevePeer(const std::string& dir) {
  std::filesystem::create_directories(dir);
  auto peer = std::make_unique<ReevePeer>(dir);
  RETURN_IF_ERROR(peer->Init());
  return peer;
}

}  // namespace reeve::bench
