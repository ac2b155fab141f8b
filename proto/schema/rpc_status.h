// absl::Status to grpc::Status and back, with violations as details.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

namespace reeve::schema {

// A status travels in HTTP/2 trailers, and gRPC refuses trailers above 8 KiB by default:
// channels set GRPC_ARG_MAX_METADATA_SIZE to this, so that every violation of a large request
// arrives.
inline constexpr int kRpcMetadataBytesMax = 64 << 10;

// Trailing metadata of a RESOURCE_EXHAUSTED: after so many milliseconds the same call may be tried
// again; nothing was done.
inline constexpr char kRetryAfterKey[] = "retry-after-ms";

// What is too long for kRpcMetadataBytesMax is cut: the message says so, and the first violations
// stay.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace reeve::schema
