// absl::Status to grpc::Status and back, with violations as details.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

namespace reeve::schema {

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace reeve::schema
