#include "proto/schema/rpc_status.h"

#include <string>

#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

// Text is percent-encoded and details are base64-encoded on their way; half of the limit is room
// for that.
constexpr size_t kMessageBytesMax = 12 << 10;
constexpr size_t kDetailsBytesMax = 20 << 10;
static_assert(kMessageBytesMax + kDetailsBytesMax <= kRpcMetadataBytesMax / 2);

std::string Cut(std::string text) {
  constexpr std::string_view kTail = "\n(and more)";
  if (text.size() <= kMessageBytesMax) return text;
  size_t end = kMessageBytesMax - kTail.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;  // Not inside a character.
  text.resize(end);
  return text.append(kTail);
}

std::string Details(const absl::Status& status) {
  v1::Violations details;
  size_t bytes = 0;
  for (const v1::FieldViolation& violation : ViolationsOf(status)) {
    constexpr size_t kFraming = 8;
    bytes += violation.ByteSizeLong() + kFraming;
    if (bytes > kDetailsBytesMax) break;
    *details.add_violations() = violation;
  }
  return details.SerializeAsString();
}

}  // namespace

// The codes of absl and gRPC are the same numbers by design of both.
grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      Cut(std::string(status.message())), Details(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const absl::Status plain(static_cast<absl::StatusCode>(status.error_code()),
                           status.error_message());
  v1::Violations details;
  if (!details.ParseFromString(status.error_details())) return plain;
  return WithViolations(plain, {details.violations().begin(), details.violations().end()});
}

}  // namespace reeve::schema
