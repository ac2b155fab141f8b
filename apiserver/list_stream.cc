#include "apiserver/list_stream.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <deque>
#include <memory>
#include <utility>

#include "apiserver/byte_stream.h"
#include "base/limits.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {
namespace {

constexpr int kListPageMax = 500;

// A ListChunk being written: its items are bytes already.
class ChunkBuilder {
 public:
  void Add(const v1::Object& object) {
    *chunk_.add_items() = object;
    bytes_ += object.ByteSizeLong();
    if (bytes_ >= kListChunkBytes) Close();
  }
  std::deque<std::shared_ptr<const std::string>> Finish(v1::ListSummary summary) {
    *chunk_.mutable_summary() = std::move(summary);
    Close();
    return std::move(chunks_);
  }

 private:
  void Close() {
    chunks_.push_back(std::make_shared<const std::string>(chunk_.SerializeAsString()));
    chunk_.Clear();
    bytes_ = 0;
  }

  v1::ListChunk chunk_;
  size_t bytes_ = 0;
  std::deque<std::shared_ptr<const std::string>> chunks_;
};

class ListStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  ListStream(const ServiceContext& context, Api* api, grpc::CallbackServerContext* call,
             const v1::ListRequest& request)
      : context_(context),
        api_(api),
        call_(call),
        request_(request),
        metrics_(context.clock, "LIST", request.selector().kind()) {}

  void Start() {
    who_ = IdentityOf(context_, *call_);
    if (!who_.ok()) return End(who_.status());
    // A page is as quick as any other request.
    const bool page = request_.limit() > 0 && request_.limit() <= kListPageMax;
    const Priority priority = page ? PriorityOf(*who_, metrics_.resource()) : Priority::kLists;
    if (!context_.pool->Run([this] { Produce(); }, priority)) End(Refuse(call_));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(Cancelled("the client is gone"));
    WriteNext();
  }
  void OnDone() override { delete this; }

 private:
  void Produce() {
    ChunkBuilder builder;
    absl::StatusOr<v1::ListSummary> summary =
        api_->List(*who_, request_, [&](const v1::Object& object) { builder.Add(object); });
    if (!summary.ok()) return End(summary.status());
    chunks_ = builder.Finish(*std::move(summary));
    WriteNext();
  }

  // One write at a time, so that no lock is needed.
  void WriteNext() {
    if (chunks_.empty()) return End(absl::OkStatus());
    buffer_ = ShareBytes(std::move(chunks_.front()));
    chunks_.pop_front();
    StartWrite(&buffer_);
  }

  void End(const absl::Status& status) {
    metrics_.Done(status);
    Finish(schema::ToGrpc(status));
  }

  const ServiceContext context_;
  Api* const api_;
  grpc::CallbackServerContext* const call_;
  const v1::ListRequest request_;
  const RequestMetrics metrics_;
  absl::StatusOr<Identity> who_ = absl::UnknownError("");  // Set once, in Start.
  std::deque<std::shared_ptr<const std::string>> chunks_;
  grpc::ByteBuffer buffer_;
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* NewListStream(const ServiceContext& context, Api* api,
                                                          grpc::CallbackServerContext* call,
                                                          const grpc::ByteBuffer& request) {
  v1::ListRequest decoded;
  grpc::ByteBuffer bytes = request;
  // What cannot be read names no kind, and is refused as that.
  if (!grpc::SerializationTraits<v1::ListRequest>::Deserialize(&bytes, &decoded).ok())
    decoded.Clear();
  auto* stream = new ListStream(context, api, call, decoded);
  stream->Start();
  return stream;
}

}  // namespace reeve::apiserver
