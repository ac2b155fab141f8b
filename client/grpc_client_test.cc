#include "client/grpc_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "client/transport_error.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/rpc_status.h"
#include "proto/schema/validate.h"
#include "reeve/v1/content.grpc.pb.h"
#include "reeve/v1/resources.grpc.pb.h"

namespace reeve::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

v1::Object Site(const std::string& name, int version) {
  v1::Object object;
  object.mutable_site()->mutable_metadata()->set_namespace_("default");
  object.mutable_site()->mutable_metadata()->set_name(name);
  object.mutable_site()->mutable_metadata()->set_resource_version(std::to_string(version));
  return object;
}

// Answers as each test says.
class ScriptedServer final : public v1::Resources::Service {
 public:
  std::function<grpc::Status(grpc::ServerContext*, const v1::GetRequest&, v1::Object*)> get;
  std::vector<v1::ListChunk> list;
  std::function<grpc::Status(grpc::ServerContext*, grpc::ServerWriter<v1::WatchEvent>*)> watch;

  grpc::Status Get(grpc::ServerContext* context, const v1::GetRequest* request,
                   v1::Object* object) override {
    return get(context, *request, object);
  }
  grpc::Status List(grpc::ServerContext*, const v1::ListRequest*,
                    grpc::ServerWriter<v1::ListChunk>* out) override {
    for (const v1::ListChunk& chunk : list) out->Write(chunk);
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest*,
                     grpc::ServerWriter<v1::WatchEvent>* out) override {
    return watch(context, out);
  }
};

class ScriptedContent final : public v1::Content::Service {
 public:
  grpc::Status PutBlob(grpc::ServerContext*, grpc::ServerReader<v1::BlobChunk>* in,
                       v1::Blob* blob) override {
    for (v1::BlobChunk chunk; in->Read(&chunk);) {
      if (received.empty()) first = chunk;
      received += chunk.data();
      largest = std::max(largest, chunk.data().size());
      if (!refusal.ok()) return refusal;
    }
    blob->mutable_metadata()->set_name(first.digest());
    return grpc::Status::OK;
  }
  grpc::Status GetBlob(grpc::ServerContext*, const v1::GetBlobRequest*,
                       grpc::ServerWriter<v1::BlobChunk>* out) override {
    for (const char* piece : {"one ", "two"}) {
      v1::BlobChunk chunk;
      chunk.set_data(piece);
      out->Write(chunk);
    }
    return grpc::Status::OK;
  }

  v1::BlobChunk first;
  std::string received;
  size_t largest = 0;
  grpc::Status refusal;
};

class GrpcClientTest : public testing::Test {
 protected:
  GrpcClientTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&resources_);
    builder.RegisterService(&content_);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    server_ = builder.BuildAndStart();
    client_ = NewGrpcClientOver(server_->InProcessChannel({}),
                                {.endpoint = "h:1", .timeout = absl::Seconds(10)});
  }
  ~GrpcClientTest() override { server_->Shutdown(); }

  void ListOf(const std::vector<v1::Object>& items) {
    schema::ListHash hash;
    v1::ListChunk chunk;
    for (const v1::Object& item : items) {
      hash.Add(item.site().metadata());
      *chunk.add_items() = item;
    }
    v1::ListChunk last;
    last.mutable_summary()->set_count(hash.count());
    last.mutable_summary()->set_hash(hash.Digest());
    resources_.list = {chunk, last};
  }

  // The next event; waits for it.
  absl::StatusOr<v1::WatchEvent> NextOf(WatchStream* stream) {
    while (true) {
      ASSIGN_OR_RETURN(std::optional<v1::WatchEvent> event, stream->Next());
      if (event) return *std::move(event);
      if (!wake_.WaitFor(kPatience)) return absl::DeadlineExceededError("no event");
    }
  }
  std::unique_ptr<WatchStream> Watch() {
    return *client_->Watch({}, [this] { wake_.Notify(); });
  }

  int port_ = 0;
  ScriptedServer resources_;
  ScriptedContent content_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Api> client_;
  Notification wake_;
};

// A server that is busy says after how long to come back: nothing was done, so the same call may
// be made again.
TEST_F(GrpcClientTest, ComesBackWhenABusyServerSaysSo) {
  int calls = 0;
  resources_.get = [&](grpc::ServerContext* context, const v1::GetRequest&, v1::Object* object) {
    if (++calls < 3) {
      context->AddTrailingMetadata(schema::kRetryAfterKey, "5");
      return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the server is busy; try again");
    }
    *object = Site("blog", 1);
    return grpc::Status::OK;
  };
  EXPECT_OK(client_->Get({"Site", "default", "blog"}));
  EXPECT_EQ(calls, 3);
  // Not for ever, and not without being told.
  calls = -100;
  EXPECT_EQ(client_->Get({"Site", "default", "blog"}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(calls, -96);
  resources_.get = [&](grpc::ServerContext*, const v1::GetRequest&, v1::Object*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too large");
  };
  calls = 0;
  EXPECT_EQ(client_->Get({"Site", "default", "blog"}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(calls, 1);
}

TEST_F(GrpcClientTest, GetAndErrors) {
  resources_.get = [](grpc::ServerContext*, const v1::GetRequest& request, v1::Object* object) {
    if (request.key().name() == "none")
      return grpc::Status(grpc::NOT_FOUND, "sites \"none\" not found");
    *object = Site(request.key().name(), 7);
    return grpc::Status::OK;
  };
  ASSERT_OK_AND_ASSIGN(const v1::Object object, client_->Get({"Site", "default", "blog"}));
  EXPECT_EQ(object.site().metadata().resource_version(), "7");
  const absl::Status missing = client_->Get({"Site", "default", "none"}).status();
  EXPECT_THAT(missing, IsError(absl::StatusCode::kNotFound, "sites \"none\" not found"));
  EXPECT_FALSE(IsTransportError(missing));
}

// Violations travel in trailers, which gRPC limits to 8 KiB unless told otherwise; only over a
// wire.
TEST_F(GrpcClientTest, TheViolationsOfALargeRequestArrive) {
  schema::Violations violations(150);
  for (v1::FieldViolation& violation : violations) {
    violation.set_field("spec.domains[0]");
    violation.set_message("must be a hostname of at least two labels, such as www.example.com");
  }
  resources_.get = [&](grpc::ServerContext*, const v1::GetRequest&, v1::Object*) {
    return schema::ToGrpc(schema::ToStatus(violations, {"Site", "default", "blog"}));
  };
  const GrpcOptions options = {.endpoint = fmt::format("127.0.0.1:{}", port_),
                               .timeout = absl::Seconds(10)};
  const auto client = NewGrpcClientOver(
      grpc::CreateCustomChannel(options.endpoint, grpc::InsecureChannelCredentials(),
                                ChannelArgumentsFor(options)),
      options);
  const absl::Status status = client->Get({"Site", "default", "blog"}).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kInvalidArgument, "Site \"blog\" is invalid"));
  EXPECT_EQ(schema::ViolationsOf(status).size(), violations.size());
}

TEST_F(GrpcClientTest, ACallThatHangsEnds) {
  Notification finish;
  resources_.get = [&](grpc::ServerContext*, const v1::GetRequest&, v1::Object*) {
    finish.WaitFor(kPatience);
    return grpc::Status::OK;
  };
  const auto hasty = NewGrpcClientOver(server_->InProcessChannel({}),
                                       {.endpoint = "h:1", .timeout = absl::Milliseconds(50)});
  const absl::Status status = hasty->Get({"Site", "default", "blog"}).status();
  finish.Notify();
  EXPECT_THAT(status, IsError(absl::StatusCode::kDeadlineExceeded, "no answer from h:1 in time"));
  EXPECT_TRUE(IsTransportError(status));
}

TEST_F(GrpcClientTest, AListIsCheckedAgainstItsSummary) {
  ListOf({Site("a", 1), Site("b", 2)});
  ASSERT_OK_AND_ASSIGN(const List list, client_->ListObjects({}));
  EXPECT_EQ(list.items.size(), 2u);
}

TEST_F(GrpcClientTest, AListWithoutItsEndIsNoEmptyList) {
  resources_.list = {};
  EXPECT_THAT(client_->ListObjects({}), IsError(absl::StatusCode::kDataLoss, "broke off after 0"));
  ListOf({Site("a", 1)});
  resources_.list.pop_back();
  EXPECT_THAT(client_->ListObjects({}), IsError(absl::StatusCode::kDataLoss, "broke off after 1"));
}

TEST_F(GrpcClientTest, AListThatLostOrSwappedAnItemIsRefused) {
  ListOf({Site("a", 1), Site("b", 2)});
  resources_.list[0].mutable_items()->RemoveLast();
  EXPECT_THAT(client_->ListObjects({}),
              IsError(absl::StatusCode::kDataLoss, "1 objects, 2 announced"));
  ListOf({Site("a", 1), Site("b", 2)});
  *resources_.list[0].mutable_items(1) = Site("b", 3);
  EXPECT_THAT(client_->ListObjects({}), IsError(absl::StatusCode::kDataLoss, "summary"));
  ListOf({Site("a", 1)});
  resources_.list.push_back(resources_.list[0]);
  EXPECT_THAT(client_->ListObjects({}), IsError(absl::StatusCode::kDataLoss, "went on"));
}

TEST_F(GrpcClientTest, AWatchDeliversInOrderThenItsEnd) {
  resources_.watch = [](grpc::ServerContext*, grpc::ServerWriter<v1::WatchEvent>* out) {
    for (int i = 1; i <= 3; ++i) {
      v1::WatchEvent event;
      event.set_revision(i);
      out->Write(event);
    }
    return grpc::Status(grpc::OUT_OF_RANGE, "revision 3 is compacted");
  };
  const auto stream = Watch();
  for (int i = 1; i <= 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::WatchEvent event, NextOf(stream.get()));
    EXPECT_EQ(event.revision(), i);
  }
  EXPECT_THAT(NextOf(stream.get()), IsError(absl::StatusCode::kOutOfRange, "compacted"));
  EXPECT_THAT(stream->Next(),
              IsError(absl::StatusCode::kOutOfRange, "compacted"));  // And stays so.
}

TEST_F(GrpcClientTest, AWatchThatTheServerEndsCanBeResumed) {
  resources_.watch = [](auto...) { return grpc::Status::OK; };
  EXPECT_THAT(NextOf(Watch().get()), IsError(absl::StatusCode::kUnavailable, "ended the watch"));
}

// Many more events than the queue holds, taken late: none is lost, and reading goes on.
TEST_F(GrpcClientTest, AFullQueuePausesReadingAndLosesNothing) {
  constexpr int kEvents = 5 * kWatcherQueueEventsMax;
  resources_.watch = [](grpc::ServerContext*, grpc::ServerWriter<v1::WatchEvent>* out) {
    v1::WatchEvent event;
    for (int i = 1; i <= kEvents; ++i) {
      event.set_revision(i);
      if (!out->Write(event)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  };
  const auto stream = Watch();
  for (int i = 1; i <= kEvents; ++i) {
    ASSERT_OK_AND_ASSIGN(const v1::WatchEvent event, NextOf(stream.get()));
    ASSERT_EQ(event.revision(), i);
  }
}

TEST_F(GrpcClientTest, DestroyingAStreamEndsTheCall) {
  Notification ended;
  resources_.watch = [&](grpc::ServerContext* context, grpc::ServerWriter<v1::WatchEvent>* out) {
    v1::WatchEvent event;
    while (!context->IsCancelled()) out->Write(event);
    ended.Notify();
    return grpc::Status::CANCELLED;
  };
  {
    const auto stream = Watch();
    ASSERT_OK(NextOf(stream.get()));
  }
  EXPECT_TRUE(ended.WaitFor(kPatience));
}

TEST_F(GrpcClientTest, PutBlobSendsPieces) {
  std::vector<std::string> pieces = {"abc", std::string(2 << 20, 'x'), "", "end"};
  size_t next = 0;
  const auto blob =
      client_->PutBlob("default", "sha256-1", "dir", [&](std::string* out) -> absl::StatusOr<bool> {
        *out += pieces[next];
        return ++next < pieces.size();
      });
  ASSERT_OK(blob);
  EXPECT_EQ(content_.first.digest(), "sha256-1");
  EXPECT_EQ(content_.first.namespace_(), "default");
  EXPECT_EQ(content_.received, "abc" + pieces[1] + "end");
  EXPECT_LE(content_.largest, 1u << 20);
}

TEST_F(GrpcClientTest, PutBlobReportsBothSides) {
  const auto unreadable = [](std::string*) -> absl::StatusOr<bool> {
    return absl::AbortedError("a file changed");
  };
  EXPECT_THAT(client_->PutBlob("default", "d", "", unreadable),
              IsError(absl::StatusCode::kAborted, "a file changed"));
  content_.refusal = grpc::Status(grpc::RESOURCE_EXHAUSTED, "quota");
  const auto endless = [](std::string* out) -> absl::StatusOr<bool> {
    out->assign(1 << 20, 'x');
    return true;
  };
  EXPECT_THAT(client_->PutBlob("default", "d", "", endless),
              IsError(absl::StatusCode::kResourceExhausted, "quota"));
}

TEST_F(GrpcClientTest, GetBlobDeliversAndCanBeStopped) {
  std::string received;
  ASSERT_OK(client_->GetBlob("default", "d", [&](std::string_view data) {
    received += data;
    return absl::OkStatus();
  }));
  EXPECT_EQ(received, "one two");
  const auto full = [](std::string_view) { return absl::ResourceExhaustedError("disk full"); };
  EXPECT_THAT(client_->GetBlob("default", "d", full),
              IsError(absl::StatusCode::kResourceExhausted, "disk full"));
}

TEST(GrpcClient, NobodyThere) {
  GrpcOptions options{.endpoint = "127.0.0.1:1", .ca_pem = "x"};
  const auto channel = grpc::CreateChannel(options.endpoint, grpc::InsecureChannelCredentials());
  EXPECT_THAT(NewGrpcClientOver(channel, options)->Version(),
              IsError(absl::StatusCode::kUnavailable,
                      "The connection to the server 127.0.0.1:1 was refused - did you specify the "
                      "right host or port?"));
}

TEST(GrpcClient, RefusesHalfAConfig) {
  EXPECT_THAT(NewGrpcClient({}), IsError(absl::StatusCode::kInvalidArgument, "no server"));
  EXPECT_THAT(NewGrpcClient({.endpoint = "h:1"}),
              IsError(absl::StatusCode::kInvalidArgument, "certificate authority"));
  EXPECT_THAT(NewGrpcClient({.endpoint = "h:1", .ca_pem = "x", .cert_pem = "y"}),
              IsError(absl::StatusCode::kInvalidArgument, "its key"));
}

}  // namespace
}  // namespace reeve::client
