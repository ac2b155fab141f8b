#include "apiserver/watch_stream.h"

#include <memory>
#include <optional>
#include <utility>

#include "apiserver/byte_stream.h"
#include "base/mutex.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {
namespace {

// At most one write is under way. Whoever finds it idle (the hub's wake, the end of a write) takes
// the next event.
class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit WatchStream(std::string kind) : kind_(std::move(kind)), metrics_(kind_) {}

  void Start(const ServiceContext& context, Api* api, grpc::CallbackServerContext* call,
             const v1::WatchRequest& request) {
    MutexLock lock(&mu_);
    const absl::Status status = SubscribeLocked(context, api, call, request);
    if (!status.ok()) return FinishLocked(status);
    // Headers at once: the client knows that it watches, before anything happens.
    StartSendInitialMetadata();
    WriteNextLocked();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mu_);
    writing_ = false;
    if (!ok) return FinishLocked(Cancelled("the client is gone"));
    WriteNextLocked();
  }

  void OnCancel() override {
    MutexLock lock(&mu_);
    FinishLocked(Cancelled("the watch was cancelled"));
  }

  void OnDone() override {
    subscription_ = nullptr;  // No wake is running after this.
    delete this;
  }

 private:
  using Next = absl::StatusOr<std::optional<EventBytes>>;

  absl::Status SubscribeLocked(const ServiceContext& context, Api* api,
                               grpc::CallbackServerContext* call, const v1::WatchRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ASSIGN_OR_RETURN(const Identity who, IdentityOf(context, *call));
    ASSIGN_OR_RETURN(subscription_, api->Watch(who, request, [this] { Wake(); }));
    return absl::OkStatus();
  }

  void Wake() {
    MutexLock lock(&mu_);
    WriteNextLocked();
  }

  void WriteNextLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (writing_ || finished_) return;
    Next next = ahead_.has_value() ? *std::exchange(ahead_, std::nullopt) : subscription_->Next();
    if (!next.ok()) {
      if (absl::IsResourceExhausted(next.status())) CountTerminatedWatch(kind_);
      return FinishLocked(next.status());
    }
    if (!next->has_value()) return;
    metrics_.Sent((**next)->size());
    buffer_ = ShareBytes(**std::move(next));
    writing_ = true;
    ahead_ = subscription_->Next();
    if (ahead_->ok() && !(*ahead_)->has_value()) ahead_.reset();
    // What another event follows at once may leave together with it.
    const bool follows = ahead_.has_value() && ahead_->ok();
    StartWrite(&buffer_, follows ? grpc::WriteOptions().set_buffer_hint() : grpc::WriteOptions());
  }

  void FinishLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (finished_) return;
    finished_ = true;
    Finish(schema::ToGrpc(status));
  }

  const std::string kind_;
  const WatchMetrics metrics_;
  std::unique_ptr<Subscription> subscription_;  // Set once, in Start.
  Mutex mu_;
  std::optional<Next> ahead_ ABSL_GUARDED_BY(mu_);  // After the write under way, if known.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  grpc::ByteBuffer buffer_ ABSL_GUARDED_BY(mu_);  // Of the write under way.
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* NewWatchStream(const ServiceContext& context, Api* api,
                                                           grpc::CallbackServerContext* call,
                                                           const grpc::ByteBuffer& request) {
  const auto decoded = DecodeRequest<v1::WatchRequest>(request);
  auto* stream = new WatchStream(decoded.selector().kind());
  stream->Start(context, api, call, decoded);
  return stream;
}

}  // namespace reeve::apiserver
