#include "proto/schema/rpc_status.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "proto/schema/validate.h"

namespace reeve::schema {
namespace {

Violations Some(int count) {
  Violations violations;
  for (int i = 0; i < count; ++i) {
    v1::FieldViolation& violation = violations.emplace_back();
    violation.set_field(fmt::format("spec.domains[{}]", i));
    violation.set_message("must be a hostname of at least two labels, such as www.example.com");
  }
  return violations;
}

TEST(RpcStatus, EveryCodeComesBack) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "because");
    EXPECT_EQ(ToGrpc(status).error_code(), code);
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  }
}

TEST(RpcStatus, ViolationsComeBack) {
  const absl::Status status = ToStatus(Some(3), {"Site", "default", "shop"});
  const absl::Status back = FromGrpc(ToGrpc(status));
  EXPECT_EQ(back, status);
  ASSERT_EQ(ViolationsOf(back).size(), 3u);
  EXPECT_EQ(ViolationsOf(back)[2].field(), "spec.domains[2]");
  EXPECT_EQ(ViolationsOf(back)[2].object(), "Site default/shop");
}

TEST(RpcStatus, StaysBelowTheLimitOfTheTransport) {
  const grpc::Status status = ToGrpc(ToStatus(Some(5000), {"Site", "default", "shop"}));
  const size_t bytes = status.error_message().size() + status.error_details().size();
  EXPECT_LT(bytes, static_cast<size_t>(kRpcMetadataBytesMax) / 2);
  EXPECT_TRUE(status.error_message().ends_with("(and more)"));
  EXPECT_GT(ViolationsOf(FromGrpc(status)).size(), 100u);
}

TEST(RpcStatus, DetailsOfOthersAreLeftAlone) {
  const absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::INTERNAL, "x", "\xff\xff no protobuf"));
  EXPECT_EQ(status, absl::InternalError("x"));
}

}  // namespace
}  // namespace reeve::schema
