#include "apiserver/content_service.h"

#include <memory>
#include <utility>

#include "base/log.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

// One upload. Pieces are written as they come; what waits for the disk is done on the pool.
class PutStream final : public grpc::ServerReadReactor<v1::BlobChunk> {
 public:
  PutStream(const ServiceContext& context, ContentStore* content, grpc::CallbackServerContext* call,
            v1::Blob* response)
      : context_(context),
        content_(content),
        call_(call),
        response_(response),
        metrics_(context.clock, "CREATE", "Blob", "content") {
    const absl::Status status = Begin(call);
    if (status.ok()) {
      StartRead(&chunk_);
    } else {
      End(status);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return FinishOnPool();
    if (!named_) Name();
    const absl::Status status = upload_->Append(chunk_.data());
    if (!status.ok()) return End(status);
    StartRead(&chunk_);
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Begin(grpc::CallbackServerContext* call) {
    ASSIGN_OR_RETURN(const Identity who, IdentityOf(context_, *call));
    ASSIGN_OR_RETURN(upload_, content_->Begin(who));
    return absl::OkStatus();
  }

  // The first chunk says what it is.
  void Name() {
    named_ = true;
    ns_ = chunk_.namespace_();
    digest_ = chunk_.digest();
    source_ = chunk_.source();
  }

  void FinishOnPool() {
    // A client that went away in the middle also ends the stream.
    if (call_->IsCancelled()) return End(Cancelled("the upload was broken off"));
    const auto finish = [this] {
      absl::StatusOr<v1::Blob> blob = content_->Finish(upload_.get(), ns_, digest_, source_);
      if (blob.ok()) *response_ = *std::move(blob);
      End(blob.status());
    };
    if (!context_.pool->Run(finish)) End(Refuse(call_));
  }

  void End(const absl::Status& status) {
    metrics_.Done(status);
    Finish(schema::ToGrpc(status));
  }

  const ServiceContext context_;
  ContentStore* const content_;
  grpc::CallbackServerContext* const call_;
  v1::Blob* const response_;
  const RequestMetrics metrics_;
  std::unique_ptr<BlobUpload> upload_;
  v1::BlobChunk chunk_;
  bool named_ = false;
  std::string ns_;
  std::string digest_;
  std::string source_;
};

class GetStream final : public grpc::ServerWriteReactor<v1::BlobChunk> {
 public:
  GetStream(const ServiceContext& context, ContentStore* content, grpc::CallbackServerContext* call,
            const v1::GetBlobRequest& request)
      : context_(context), metrics_(context.clock, "GET", "Blob", "content") {
    const absl::Status status = Begin(content, call, request);
    if (status.ok()) {
      WriteNext();
    } else {
      End(status);
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(Cancelled("the client is gone"));
    WriteNext();
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Begin(ContentStore* content, grpc::CallbackServerContext* call,
                     const v1::GetBlobRequest& request) {
    ASSIGN_OR_RETURN(who_, IdentityOf(context_, *call));
    ASSIGN_OR_RETURN(reader_, content->Read(who_, request.namespace_(), request.digest()));
    return absl::OkStatus();
  }

  // A host may be removed before it has all.
  absl::StatusOr<std::string> NextData() {
    RETURN_IF_ERROR(context_.authenticator->CheckStill(who_));
    return reader_->Next();
  }

  void WriteNext() {
    absl::StatusOr<std::string> data = NextData();
    if (!data.ok() || data->empty()) return End(data.status());
    *chunk_.mutable_data() = *std::move(data);
    StartWrite(&chunk_);
  }

  void End(const absl::Status& status) {
    metrics_.Done(status);
    Finish(schema::ToGrpc(status));
  }

  const ServiceContext context_;
  const RequestMetrics metrics_;
  Identity who_;
  std::unique_ptr<BlobReader> reader_;
  v1::BlobChunk chunk_;
};

}  // namespace

grpc::ServerReadReactor<v1::BlobChunk>* ContentService::PutBlob(grpc::CallbackServerContext* call,
                                                                v1::Blob* response) {
  return new PutStream(context_, content_, call, response);
}

grpc::ServerWriteReactor<v1::BlobChunk>* ContentService::GetBlob(
    grpc::CallbackServerContext* call, const v1::GetBlobRequest* request) {
  return new GetStream(context_, content_, call, *request);
}

grpc::ServerUnaryReactor* HostsService::CreateToken(grpc::CallbackServerContext* call,
                                                    const v1::CreateTokenRequest* request,
                                                    v1::CreateTokenResponse* response) {
  const RequestMetrics metrics(context_.clock, "CREATE", "Host", "token");
  return RunUnary(context_, call, metrics, response,
                  [=, this](const Identity& who) -> absl::StatusOr<v1::CreateTokenResponse> {
                    v1::CreateTokenResponse made;
                    ASSIGN_OR_RETURN(*made.mutable_token(), joining_->CreateToken(who, *request));
                    made.set_ca_sha256(ca_sha256_);
                    made.set_join_endpoint(endpoint_);
                    return made;
                  });
}

void JoinService::SetApiEndpoint(std::string endpoint) {
  MutexLock lock(&mu_);
  api_endpoint_ = std::move(endpoint);
}

absl::StatusOr<v1::JoinResponse> JoinService::Answer(const v1::JoinRequest& request,
                                                     const std::string& peer) {
  std::string endpoint;
  {
    MutexLock lock(&mu_);
    endpoint = api_endpoint_;
  }
  if (endpoint.empty()) return Unavailable("the server is starting");
  absl::StatusOr<v1::JoinResponse> joined = joining_->Join(request);
  if (!joined.ok()) {
    Log(LogLevel::kWarning, "join refused",
        {{"peer", peer}, {"err", reeve::Message(joined.status())}});
    return joined;
  }
  joined->set_api_endpoint(endpoint);
  Log(LogLevel::kInfo, "host joined",
      {{"host", joined->host()}, {"uid", joined->host_uid()}, {"peer", peer}});
  return joined;
}

grpc::ServerUnaryReactor* JoinService::Join(grpc::CallbackServerContext* call,
                                            const v1::JoinRequest* request,
                                            v1::JoinResponse* response) {
  const RequestMetrics metrics(context_.clock, "CREATE", "Host", "join");
  return RunOnPool(context_, call, metrics, response,
                   [=, this] { return Answer(*request, call->peer()); });
}

}  // namespace reeve::apiserver
