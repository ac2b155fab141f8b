// What no manifest can say: bytes that a client sends by itself, over gRPC and over HTTP.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <gmock/gmock.h>

#include "base/limits.h"
#include "base/testing/status_matchers.h"
#include "tests/hostile/hostile.h"
#include "tests/support/channels.h"

namespace reeve::hostile {
namespace {

using absl::StatusCode;

// What gRPC itself answers to bytes that are no message of the method, before any of us sees them.
constexpr grpc::StatusCode kUnreadable = grpc::StatusCode::UNIMPLEMENTED;

// Calls Resources.Create with these bytes as its request.
grpc::Status CreateFromBytes(const std::string& bytes) {
  const auto channels = support::Connect(Server().server().endpoint(), Server().server().pki(), 1);
  grpc::GenericStub stub(channels[0]);
  grpc::ClientContext context;
  support::WaitForServer(&context, absl::Seconds(60));
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  const auto call = stub.PrepareUnaryCall(&context, "/reeve.v1.Resources/Create", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return status;
}

// A field of bytes: number and what is in it.
std::string Field(int number, const std::string& bytes) {
  std::string field(1, static_cast<char>((number << 3) | 2));
  for (size_t size = bytes.size();; size >>= 7) {
    if (size < 0x80) return field + static_cast<char>(size) + bytes;
    field += static_cast<char>((size & 0x7f) | 0x80);
  }
}

v1::CreateRequest ASite() {
  v1::CreateRequest request;
  v1::Site* site = request.mutable_object()->mutable_site();
  site->mutable_metadata()->set_name("wire");
  site->mutable_spec()->set_type(v1::SiteSpec::Static);
  return request;
}

class HostileWireTest : public testing::Test {
 protected:
  void SetUp() override { before_ = Server().Revision(); }
  void TearDown() override { EXPECT_EQ(Server().Revision(), before_) << "something was written"; }

 private:
  int64_t before_ = 0;
};

// No message of ours holds itself, so only unknown fields can be nested: groups, 10,000 of them.
TEST_F(HostileWireTest, N09_NestedTenThousandTimes) {
  const std::string groups = std::string(10'000, '\x7b') + std::string(10'000, '\x7c');
  const grpc::Status status = CreateFromBytes(ASite().SerializeAsString() + groups);
  EXPECT_EQ(status.error_code(), kUnreadable) << status.error_message();
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested = Field(15, nested);
  const std::string object = Field(15, nested);
  EXPECT_EQ(CreateFromBytes(Field(1, object)).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(HostileWireTest, N10_N11_N12_TextThatHides) {
  const std::pair<std::string, std::string> texts[] = {
      {std::string("a\0b", 3), "may not contain a control character U+0000"},
      {"a\xe2\x80\xae", "may not contain a bidirectional control U+202E"},
      {"a\x7f", "may not contain a control character U+007F"}};
  for (const auto& [text, why] : texts) {
    v1::CreateRequest request = ASite();
    (*request.mutable_object()->mutable_site()->mutable_metadata()->mutable_annotations())["k"] =
        text;
    EXPECT_THAT(Server().api()->Create(request).status(),
                IsError(StatusCode::kInvalidArgument,
                        "Site \"wire\" is invalid: metadata.annotations[k]: " + why));
  }
  const std::string bad_name = Field(3, Field(1, Field(1, "wire\xff")));
  EXPECT_EQ(CreateFromBytes(Field(1, bad_name)).error_code(), kUnreadable);
}

TEST_F(HostileWireTest, N16_FieldsThatNobodyKnows) {
  v1::CreateRequest request = ASite();
  const std::string object = request.object().SerializeAsString();
  const grpc::Status status = CreateFromBytes(Field(1, object + Field(15, "x")));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "Site \"wire\" is invalid: has fields that this version does not know: the sender is "
            "newer");
}

TEST_F(HostileWireTest, N24_WhatIsTooLong) {
  v1::CreateRequest request = ASite();
  auto& annotations =
      *request.mutable_object()->mutable_site()->mutable_metadata()->mutable_annotations();
  annotations["k"] = std::string(kObjectBytesMax + 1, 'x');
  EXPECT_THAT(Server().api()->Create(request).status(),
              IsError(StatusCode::kResourceExhausted, "more than the 262144 allowed"));
  annotations["k"] = std::string(kStringBytesMax + 1, 'x');
  EXPECT_THAT(Server().api()->Create(request).status(),
              IsError(StatusCode::kInvalidArgument,
                      "Site \"wire\" is invalid: metadata.annotations[k]: must have at most 65536 "
                      "bytes, has 65537"));
}

TEST_F(HostileWireTest, N24_ARequestOfFiveMegabytes) {
  v1::CreateRequest request = ASite();
  (*request.mutable_object()->mutable_site()->mutable_metadata()->mutable_annotations())["k"] =
      std::string(5 << 20, 'x');
  EXPECT_EQ(CreateFromBytes(request.SerializeAsString()).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Selectors are the only patterns there are, and they have no expressions.
TEST_F(HostileWireTest, N25_SelectorsAreNoExpressions) {
  const integration::Said said = Server().Ctl({"get", "sites", "-l", "a=(a+)+$"});
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "");
  EXPECT_NE(said.err, "");
}

}  // namespace
}  // namespace reeve::hostile
