#include <signal.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "tests/bench/channels.h"
#include "tests/support/child_process.h"

namespace reeve::bench {
namespace {

using support::ChildProcess;

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
  explicit ReevePeer(std::string dir) : dir_(std::move(dir)), port_(FreePort()) {}
  ~ReevePeer() override { StopWatches(); }

  absl::Status Init() {
    RETURN_IF_ERROR(support::RunToEnd({Program(), "init", "--data-dir", dir_, "--san", "127.0.0.1"}, dir_ + "/init.log")
                        .status());
    RETURN_IF_ERROR(Start());
    return absl::OkStatus();
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
    auto context = std::make_shared<grpc::ClientContext>();
    auto ready = std::make_shared<std::atomic<bool>>(false);
    contexts_.push_back(context);
    v1::VersionResponse version;
    grpc::ClientContext version_context;
    RETURN_IF_ERROR(ToStatus(Stub(client)->Version(&version_context, {}, &version)));
    watchers_.emplace_back([this, client, context, ready, version, seen = std::move(seen)] {
      v1::WatchRequest request;
      request.mutable_selector()->set_kind("Site");
      request.set_revision(version.revision());
      request.set_epoch(version.epoch());
      auto stream = Stub(client)->Watch(context.get(), request);
      stream->WaitForInitialMetadata();
      *ready = true;
      v1::WatchEvent event;
      while (stream->Read(&event)) {
        if (event.type() == v1::WatchEvent::ADDED) seen(event.object().site().metadata().name());
      }
      stream->Finish();
    });
    if (!support::WaitUntil(absl::Seconds(10), [&] { return ready->load(); })) return Unavailable("the watch did not start");
    return absl::OkStatus();
  }

  void StopWatches() override {
    for (const auto& context : contexts_) context->TryCancel();
    for (std::thread& watcher : watchers_) watcher.join();
    watchers_.clear();
    contexts_.clear();
  }

  absl::Status Restart() override {
    server_->Signal(SIGTERM);
    if (server_->Wait(absl::Seconds(30)) < 0) return Unavailable("reeve-apiserver does not stop");
    return Start();
  }

  int64_t ResidentBytes() const override { return ResidentBytesOf(server_->pid()); }

 private:
  static std::string Program() { return support::BinDir() + "/reeve-apiserver"; }

  absl::Status Start() {
    ASSIGN_OR_RETURN(ChildProcess server,
                     ChildProcess::Start({Program(), "serve", "--data-dir", dir_, "--listen",
                                          fmt::format("127.0.0.1:{}", port_), "--join-listen", "127.0.0.1:0",
                                          "--http-listen", "127.0.0.1:0"},
                                         dir_ + "/server.log"));
    server_ = std::make_unique<ChildProcess>(std::move(server));
    const auto channels = Connect(fmt::format("127.0.0.1:{}", port_), dir_ + "/pki");
    stubs_.clear();
    for (const auto& channel : channels) stubs_.push_back(v1::Resources::NewStub(channel));
    const bool up = support::WaitUntil(absl::Seconds(60), [&] {
      const absl::Status status = Get(0, "none");
      return status.ok() || absl::IsNotFound(status);
    });
    return up ? absl::OkStatus() : Unavailable("reeve-apiserver does not answer; see {}/server.log", dir_);
  }

  v1::Resources::Stub* Stub(int client) { return stubs_[client % stubs_.size()].get(); }

  const std::string dir_;
  const int port_;
  std::unique_ptr<ChildProcess> server_;
  std::vector<std::unique_ptr<v1::Resources::Stub>> stubs_;
  std::vector<std::shared_ptr<grpc::ClientContext>> contexts_;
  std::vector<std::thread> watchers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Peer>> NewReevePeer(const std::string& dir) {
  std::filesystem::create_directories(dir);
  auto peer = std::make_unique<ReevePeer>(dir);
  RETURN_IF_ERROR(peer->Init());
  return peer;
}

}  // namespace reeve::bench
