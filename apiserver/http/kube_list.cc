#include "apiserver/http/kube_list.h"

#include <utility>

#include "apiserver/object_io.h"
#include "base/limits.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

class KubeList final : public HttpStream {
 public:
  explicit KubeList(KubeListOptions options) : options_(std::move(options)) {}

  absl::StatusOr<std::optional<std::string>> Next() override {
    if (!first_.empty()) return std::exchange(first_, "");
    if (over_) return OutOfRange("the list is over");
    ASSIGN_OR_RETURN(std::string piece, Piece());
    return piece;
  }

  // The first piece; it comes from Next again when it is put back.
  absl::StatusOr<std::string> First() { return Piece(); }
  void PutBack(std::string piece) { first_ = std::move(piece); }
  bool over() const { return over_; }

 private:
  absl::StatusOr<std::string> Piece() {
    std::string piece = begun_ ? "" : ListOpening(options_.route, options_.form);
    begun_ = true;
    absl::Status decoded;
    ASSIGN_OR_RETURN(over_, options_.cursor->Next([&](const store::Version& version) {
      decoded = Add(version, &piece);
      return decoded.ok() && piece.size() < kListChunkBytes;
    }));
    RETURN_IF_ERROR(decoded);
    if (!over_) return piece;
    const v1::ListSummary summary = options_.cursor->Summary();
    std::optional<int64_t> remaining;
    if (!summary.continue_().empty() && options_.remaining != nullptr)
      remaining = options_.remaining(summary);
    return piece + ListClosing(summary, remaining);
  }

  absl::Status Add(const store::Version& version, std::string* piece) {
    ASSIGN_OR_RETURN(const ObjectPtr decoded,
                     DecodeFromStore(schema::KindRegistry::Get(), version));
    const auto& object = static_cast<const v1::Object&>(*decoded);
    if (options_.wanted != nullptr && !options_.wanted(object)) return absl::OkStatus();
    if (any_) *piece += ',';
    any_ = true;
    *piece += ObjectBody(options_.route, options_.form, object);
    return absl::OkStatus();
  }

  const KubeListOptions options_;
  std::string first_;
  bool begun_ = false;
  bool any_ = false;
  bool over_ = false;
};

}  // namespace

absl::StatusOr<HttpResponse> ListResponse(KubeListOptions options) {
  auto list = std::make_unique<KubeList>(std::move(options));
  HttpResponse response;
  ASSIGN_OR_RETURN(response.body, list->First());
  if (list->over()) return response;
  list->PutBack(std::exchange(response.body, ""));
  response.stream = std::move(list);
  response.stream_max = kHttpListMax;
  return response;
}

}  // namespace reeve::apiserver
