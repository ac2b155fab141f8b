#include "apiserver/list_stream.h"

#include <deque>
#include <memory>
#include <utility>

#include "apiserver/byte_stream.h"
#include "apiserver/encoded_object.h"
#include "apiserver/list_cursor.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {
namespace {

constexpr size_t kChunksReadyMax = 3;

using Chunk = std::shared_ptr<const std::string>;

// An item of a v1.ListChunk, appended to its bytes.
absl::Status AppendItem(const store::Version& version, std::string* chunk) {
  if (const auto object = EncodedObject::Of(version); object.has_value()) {
    object->AppendAsField(v1::ListChunk::kItemsFieldNumber, chunk);
    return absl::OkStatus();
  }
  v1::ListChunk one;
  ASSIGN_OR_RETURN(const ObjectPtr object, DecodeFromStore(schema::KindRegistry::Get(), version));
  one.add_items()->CopyFrom(*object);
  one.AppendToString(chunk);
  return absl::OkStatus();
}

// Objects go from the store's bytes to the wire's, a chunk at a time. Chunks are made on the pool,
// a few ahead of what was written: never more, however slowly the client reads.
class ListStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                         public std::enable_shared_from_this<ListStream> {
 public:
  ListStream(const ServiceContext& context, Api* api, grpc::CallbackServerContext* call,
             const v1::ListRequest& request)
      : context_(context),
        api_(api),
        call_(call),
        request_(request),
        metrics_(context.clock, "LIST", request.selector().kind()) {}

  void Start() {
    self_ = shared_from_this();
    who_ = IdentityOf(context_, *call_);
    MutexLock lock(&mu_);
    if (!who_.ok()) return EndLocked(who_.status());
    producing_ = true;
    if (RunOnPool()) return;
    producing_ = false;
    EndLocked(Refuse(call_));
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(&mu_);
      writing_ = false;
      if (!ok) ended_.Update(Cancelled("the client is gone"));
      if (!StepLocked()) return;
    }
    // The pool may be full by now; then this thread does it.
    if (!RunOnPool()) Produce();
  }
  void OnDone() override { self_ = nullptr; }

 private:
  bool RunOnPool() {
    // A page is as quick as any other request.
    const bool page = request_.limit() > 0 && request_.limit() <= kListPageMax;
    const Priority priority = page ? PriorityOf(*who_, metrics_.resource()) : Priority::kLists;
    return context_.pool->Run([self = shared_from_this()] { self->Produce(); }, priority);
  }

  // Makes chunks until enough are ready, or all are made. One caller at a time: `producing_`.
  void Produce() {
    for (bool more = true; more;) {
      absl::StatusOr<Chunk> chunk = MakeChunk();
      MutexLock lock(&mu_);
      if (chunk.ok()) {
        ready_.push_back(*std::move(chunk));
      } else {
        ended_.Update(chunk.status());
      }
      producing_ = ended_.ok() && !produced_all_ && ready_.size() < kChunksReadyMax;
      more = StepLocked() || producing_;
    }
  }

  absl::StatusOr<Chunk> MakeChunk() {
    if (cursor_ == nullptr) {
      ASSIGN_OR_RETURN(cursor_, api_->OpenList(*who_, request_));
    }
    auto chunk = std::make_shared<std::string>();
    chunk->reserve(kListChunkBytes + kListChunkBytes / 8);
    absl::Status status;
    ASSIGN_OR_RETURN(const bool end, cursor_->Next([&](const store::Version& version) {
      status = AppendItem(version, chunk.get());
      return status.ok() && chunk->size() < kListChunkBytes;
    }));
    RETURN_IF_ERROR(status);
    if (!end) return chunk;
    v1::ListChunk last;
    *last.mutable_summary() = cursor_->Summary();
    last.AppendToString(chunk.get());
    MutexLock lock(&mu_);
    produced_all_ = true;
    return chunk;
  }

  // Writes the next chunk, or ends. True: the caller must see to it that more are made.
  bool StepLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (writing_) return false;
    if (ended_.ok() && !ready_.empty()) {
      buffer_ = ShareBytes(std::move(ready_.front()));
      ready_.pop_front();
      writing_ = true;
      StartWrite(&buffer_);
    } else if (!producing_ && (!ended_.ok() || produced_all_)) {
      EndLocked(ended_);
      return false;
    }
    if (producing_ || produced_all_ || !ended_.ok()) return false;
    producing_ = true;
    return true;
  }

  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    metrics_.Done(status);
    Finish(schema::ToGrpc(status));
  }

  std::shared_ptr<ListStream> self_;  // Until OnDone; who produces holds it longer.
  const ServiceContext context_;
  Api* const api_;
  grpc::CallbackServerContext* const call_;
  const v1::ListRequest request_;
  const RequestMetrics metrics_;
  absl::StatusOr<Identity> who_ = absl::UnknownError("");  // Set once, in Start.
  std::unique_ptr<ListCursor> cursor_;                     // Of who produces.
  Mutex mu_;
  bool producing_ ABSL_GUARDED_BY(mu_) = false;
  bool produced_all_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status ended_ ABSL_GUARDED_BY(mu_);  // Not OK: nothing more is written.
  std::deque<Chunk> ready_ ABSL_GUARDED_BY(mu_);
  grpc::ByteBuffer buffer_ ABSL_GUARDED_BY(mu_);  // Of the write under way.
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* NewListStream(const ServiceContext& context, Api* api,
                                                          grpc::CallbackServerContext* call,
                                                          const grpc::ByteBuffer& request) {
  const auto decoded = DecodeRequest<v1::ListRequest>(request);
  const auto stream = std::make_shared<ListStream>(context, api, call, decoded);
  stream->Start();
  return stream.get();
}

}  // namespace reeve::apiserver
