#include "client/grpc_client.h"

#include <absl/strings/numbers.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/status.h"
#include "client/transport_error.h"
#include "client/watch_call.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/object.h"
#include "proto/schema/rpc_status.h"
#include "reeve/v1/content.grpc.pb.h"
#include "reeve/v1/resources.grpc.pb.h"
#include "reeve/v1/store_backup.grpc.pb.h"

namespace reeve::client {
namespace {

constexpr std::string_view kUnixScheme = "unix:";
constexpr int kKeepaliveMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// Between attempts to connect: gRPC adds or takes a fifth at random.
constexpr int kReconnectFirstMs = 200;
constexpr int kReconnectMaxMs = 800;
// How long one attempt may take, for a server that is far away or has much to do.
constexpr int kConnectMaxMs = 5'000;
constexpr int kReceiveBytesMax = 64 << 20;
constexpr size_t kBlobPieceBytes = 512 << 10;
// A server that is busy says when to come back; after so many times its answer is the caller's.
constexpr int kBusyAttemptsMax = 4;
constexpr absl::Duration kBusyPauseMax = absl::Seconds(5);

// Checks a list's items against its summary.
class ListReader {
 public:
  absl::Status Take(v1::ListChunk* chunk) {
    if (complete_) return DataLoss("the server went on after the end of a list");
    for (v1::Object& item : *chunk->mutable_items()) {
      hash_.Add(schema::Meta(item));
      list_.items.push_back(std::move(item));
    }
    if (chunk->has_summary()) {
      list_.summary = std::move(*chunk->mutable_summary());
      complete_ = true;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<List> Finish() && {
    if (!complete_) return DataLoss("the server's list broke off after {} objects", hash_.count());
    if (list_.summary.count() != hash_.count() || list_.summary.hash() != hash_.Digest()) {
      return DataLoss("the server's list is not what its summary says: {} objects, {} announced",
                      hash_.count(), list_.summary.count());
    }
    return std::move(list_);
  }

 private:
  List list_;
  schema::ListHash hash_;
  bool complete_ = false;
};

template <typename Async, typename Request, typename Response>
using AsyncMethod = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                    std::function<void(grpc::Status)>);

// How a call ended, given by gRPC's thread and waited for by ours.
class Answer {
 public:
  void Give(grpc::Status status) {
    MutexLock lock(&mu_);
    status_ = std::move(status);
    given_.Signal();
  }
  grpc::Status Wait() {
    MutexLock lock(&mu_);
    while (!status_.has_value()) given_.Wait(&mu_);
    return *std::move(status_);
  }

 private:
  Mutex mu_;
  CondVar given_;
  std::optional<grpc::Status> status_ ABSL_GUARDED_BY(mu_);
};

// Waits as long as a busy server asked for; false when it did not ask.
bool WaitIfRefused(const grpc::ClientContext& context, const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) return false;
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(schema::kRetryAfterKey);
  int millis = 0;
  if (found == trailers.end() ||
      !absl::SimpleAtoi(absl::string_view(found->second.data(), found->second.size()), &millis)) {
    return false;
  }
  const absl::Duration pause = absl::Milliseconds(std::max(millis, 0));
  Notification never;
  never.WaitFor(std::min(pause, kBusyPauseMax));
  return true;
}

class GrpcClient final : public Api {
 public:
  GrpcClient(std::shared_ptr<grpc::Channel> channel, const GrpcOptions& options)
      : endpoint_(options.endpoint),
        timeout_(options.timeout),
        transfer_timeout_(options.transfer_timeout),
        resources_(v1::Resources::NewStub(channel)),
        content_(v1::Content::NewStub(channel)),
        backups_(v1::Backups::NewStub(channel)),
        hosts_(v1::Hosts::NewStub(channel)) {}

  absl::StatusOr<v1::Object> Get(const ObjectKey& key) override {
    v1::GetRequest request;
    request.mutable_key()->set_kind(key.kind);
    request.mutable_key()->set_namespace_(key.ns);
    request.mutable_key()->set_name(key.name);
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::Get, request);
  }

  absl::StatusOr<v1::Object> GetAt(const v1::GetRequest& request) override {
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::Get, request);
  }
  absl::StatusOr<v1::HistoryResponse> History(const v1::HistoryRequest& request) override {
    return Call<v1::HistoryResponse>(resources_.get(), &v1::Resources::Stub::async::History,
                                     request);
  }

  absl::StatusOr<List> ListObjects(const v1::ListRequest& request) override;

  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request) override {
    return Call<v1::ApplyResponse>(resources_.get(), &v1::Resources::Stub::async::Apply, request);
  }
  absl::StatusOr<v1::Object> Create(const v1::CreateRequest& request) override {
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::Create, request);
  }
  absl::StatusOr<v1::Object> Update(const v1::UpdateRequest& request) override {
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::Update, request);
  }
  absl::StatusOr<v1::Object> UpdateStatus(const v1::UpdateRequest& request) override {
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::UpdateStatus, request);
  }
  absl::StatusOr<v1::Object> Patch(const v1::PatchRequest& request) override {
    return Call<v1::Object>(resources_.get(), &v1::Resources::Stub::async::Patch, request);
  }
  absl::StatusOr<v1::DeleteResponse> Delete(const v1::DeleteRequest& request) override {
    return Call<v1::DeleteResponse>(resources_.get(), &v1::Resources::Stub::async::Delete, request);
  }
  absl::StatusOr<v1::WhoAmIResponse> WhoAmI() override {
    return Call<v1::WhoAmIResponse>(resources_.get(), &v1::Resources::Stub::async::WhoAmI,
                                    v1::WhoAmIRequest());
  }
  absl::StatusOr<v1::VersionResponse> Version() override {
    return Call<v1::VersionResponse>(resources_.get(), &v1::Resources::Stub::async::Version,
                                     v1::VersionRequest());
  }
  // Reading all files takes as long as it takes.
  absl::StatusOr<v1::StoreBackup> CreateBackup() override {
    return Call<v1::StoreBackup>(backups_.get(), &v1::Backups::Stub::async::CreateBackup,
                                 v1::CreateBackupRequest(), transfer_timeout_);
  }
  absl::StatusOr<std::vector<v1::StoreBackup>> ListBackups() override {
    ASSIGN_OR_RETURN(
        const v1::ListBackupsResponse response,
        Call<v1::ListBackupsResponse>(backups_.get(), &v1::Backups::Stub::async::ListBackups,
                                      v1::ListBackupsRequest()));
    return std::vector<v1::StoreBackup>(response.backups().begin(), response.backups().end());
  }
  absl::StatusOr<v1::StoreBackup> VerifyBackup(const std::string& name) override {
    v1::VerifyBackupRequest request;
    request.set_name(name);
    return Call<v1::StoreBackup>(backups_.get(), &v1::Backups::Stub::async::VerifyBackup, request,
                                 transfer_timeout_);
  }
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(
      const v1::CreateTokenRequest& request) override {
    return Call<v1::CreateTokenResponse>(hosts_.get(), &v1::Hosts::Stub::async::CreateToken,
                                         request);
  }

  absl::StatusOr<std::unique_ptr<WatchStream>> Watch(const v1::WatchRequest& request,
                                                     std::function<void()> wake) override {
    return std::make_unique<WatchCall>(resources_.get(), request, endpoint_, std::move(wake));
  }

  absl::StatusOr<v1::Blob> PutBlob(
      const std::string& ns, const std::string& digest, const std::string& source,
      const std::function<absl::StatusOr<bool>(std::string*)>& read) override;
  absl::Status GetBlob(const std::string& ns, const std::string& digest,
                       const std::function<absl::Status(std::string_view)>& write) override;

 private:
  // By gRPC's callbacks, whose threads work on the connection between calls too. A blocking call
  // works on it only while it waits, and one that fails at once because the connection is down does
  // not: nobody would ever finish connecting again.
  template <typename Response, typename Stub, typename Async, typename Request>
  absl::StatusOr<Response> Call(Stub* stub, AsyncMethod<Async, Request, Response> method,
                                const Request& request) {
    return Call<Response>(stub, method, request, timeout_);
  }
  template <typename Response, typename Stub, typename Async, typename Request>
  absl::StatusOr<Response> Call(Stub* stub, AsyncMethod<Async, Request, Response> method,
                                const Request& request, absl::Duration timeout) {
    for (int attempt = 1;; ++attempt) {
      grpc::ClientContext context;
      SetDeadline(&context, timeout);
      Response response;
      Answer answer;
      (stub->async()->*method)(&context, &request, &response,
                               [&answer](grpc::Status status) { answer.Give(std::move(status)); });
      const grpc::Status end = answer.Wait();
      if (attempt < kBusyAttemptsMax && WaitIfRefused(context, end)) continue;
      RETURN_IF_ERROR(Explained(end));
      return response;
    }
  }

  static void SetDeadline(grpc::ClientContext* context, absl::Duration timeout) {
    gpr_timespec span = gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN);
    context->set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span));
  }

  absl::Status Explained(const grpc::Status& status) const {
    return ExplainTransportError(schema::FromGrpc(status), endpoint_);
  }

  const std::string endpoint_;
  const absl::Duration timeout_;
  const absl::Duration transfer_timeout_;
  const std::unique_ptr<v1::Resources::Stub> resources_;
  const std::unique_ptr<v1::Content::Stub> content_;
  const std::unique_ptr<v1::Backups::Stub> backups_;
  const std::unique_ptr<v1::Hosts::Stub> hosts_;
};

absl::StatusOr<List> GrpcClient::ListObjects(const v1::ListRequest& request) {
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    SetDeadline(&context, timeout_);
    const auto stream = resources_->List(&context, request);
    ListReader reader;
    absl::Status wrong;
    for (v1::ListChunk chunk; wrong.ok() && stream->Read(&chunk);) wrong = reader.Take(&chunk);
    if (!wrong.ok()) context.TryCancel();
    const grpc::Status end = stream->Finish();
    RETURN_IF_ERROR(wrong);
    if (attempt < kBusyAttemptsMax && WaitIfRefused(context, end)) continue;
    RETURN_IF_ERROR(Explained(end));
    return std::move(reader).Finish();
  }
}

// Writes `data` in messages of bounded size; false when the server wants no more.
bool WritePieces(grpc::ClientWriter<v1::BlobChunk>* writer, v1::BlobChunk* chunk,
                 std::string_view data) {
  do {
    const size_t size = std::min(data.size(), kBlobPieceBytes);
    chunk->set_data(data.data(), size);
    data.remove_prefix(size);
    if (!writer->Write(*chunk)) return false;
    chunk->Clear();  // Only the first one says what it is.
  } while (!data.empty());
  return true;
}

absl::StatusOr<v1::Blob> GrpcClient::PutBlob(
    const std::string& ns, const std::string& digest, const std::string& source,
    const std::function<absl::StatusOr<bool>(std::string*)>& read) {
  grpc::ClientContext context;
  SetDeadline(&context, transfer_timeout_);
  v1::Blob blob;
  const auto writer = content_->PutBlob(&context, &blob);
  v1::BlobChunk chunk;
  chunk.set_namespace_(ns);
  chunk.set_digest(digest);
  chunk.set_source(source);
  absl::StatusOr<bool> more = true;
  for (std::string data; more.ok() && *more; data.clear()) {
    more = read(&data);
    if (more.ok() && (*more || !data.empty()) && !WritePieces(writer.get(), &chunk, data)) break;
  }
  if (!more.ok()) context.TryCancel();
  writer->WritesDone();
  const absl::Status end = Explained(writer->Finish());
  if (!more.ok()) return more.status();
  RETURN_IF_ERROR(end);
  return blob;
}

absl::Status GrpcClient::GetBlob(const std::string& ns, const std::string& digest,
                                 const std::function<absl::Status(std::string_view)>& write) {
  grpc::ClientContext context;
  SetDeadline(&context, transfer_timeout_);
  v1::GetBlobRequest request;
  request.set_namespace_(ns);
  request.set_digest(digest);
  const auto reader = content_->GetBlob(&context, request);
  absl::Status wrong;
  for (v1::BlobChunk chunk; wrong.ok() && reader->Read(&chunk);) wrong = write(chunk.data());
  if (!wrong.ok()) context.TryCancel();
  const absl::Status end = Explained(reader->Finish());
  return wrong.ok() ? end : wrong;
}

}  // namespace

grpc::ChannelArguments ChannelArgumentsFor(const GrpcOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMaxMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // Two clients with other certificates never share a connection, and http_proxy of the environment
  // is for browsers.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kReceiveBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, schema::kRpcMetadataBytesMax);
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

absl::StatusOr<std::unique_ptr<Api>> NewGrpcClient(const GrpcOptions& options) {
  if (options.endpoint.empty()) return InvalidArgument("no server is given");
  if (std::string_view(options.endpoint).starts_with(kUnixScheme)) {
    return NewGrpcClientOver(
        grpc::CreateCustomChannel(options.endpoint, grpc::experimental::LocalCredentials(UDS),
                                  ChannelArgumentsFor(options)),
        options);
  }
  if (options.ca_pem.empty())
    return InvalidArgument("no certificate authority is given for server {}", options.endpoint);
  if (options.cert_pem.empty() != options.key_pem.empty()) {
    return InvalidArgument("a client certificate and its key are given together or not at all");
  }
  const auto credentials =
      grpc::SslCredentials({options.ca_pem, options.key_pem, options.cert_pem});
  return NewGrpcClientOver(
      grpc::CreateCustomChannel(options.endpoint, credentials, ChannelArgumentsFor(options)),
      options);
}

void KeepGrpcRunning() { grpc_init(); }

std::unique_ptr<Api> NewGrpcClientOver(std::shared_ptr<grpc::Channel> channel,
                                       const GrpcOptions& options) {
  return std::make_unique<GrpcClient>(std::move(channel), options);
}

}  // namespace reeve::client
