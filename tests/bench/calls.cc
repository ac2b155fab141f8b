#include "tests/bench/calls.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/status.h"
#include "tests/support/channels.h"

namespace reeve::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kThreads = 2;

double Seconds(SteadyClock::duration d) { return std::chrono::duration<double>(d).count(); }

// One caller of Measure: its call under way.
struct Caller {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer answer;
  grpc::Status status;
  SteadyClock::time_point begin;
  int connection = 0;
};

// Some of the callers of Measure, on one thread.
class Loop {
 public:
  Loop(Connections* connections, std::atomic<int>* next, int total)
      : connections_(connections), next_(next), total_(total) {}

  std::vector<double> Run(int callers, int first, const std::function<Request(int i)>& make,
                          const std::function<absl::Status(const grpc::ByteBuffer&)>& check) {
    std::vector<Caller> all(callers);
    for (int i = 0; i < callers; ++i) {
      all[i].connection = first + i;
      Start(&all[i], make);
    }
    void* tag = nullptr;
    bool ok = false;
    while (running_ > 0 && queue_.Next(&tag, &ok)) {
      auto* caller = static_cast<Caller*>(tag);
      latencies_.push_back(Seconds(SteadyClock::now() - caller->begin));
      --running_;
      Require(support::ToStatus(caller->status));
      Require(check(caller->answer));
      Start(caller, make);
    }
    return std::move(latencies_);
  }

 private:
  void Start(Caller* caller, const std::function<Request(int i)>& make) {
    const int i = (*next_)++;
    if (i >= total_) return;
    const Request request = make(i);
    const grpc::ByteBuffer bytes = ToBuffer(request.bytes);
    caller->answer.Clear();
    caller->context = std::make_unique<grpc::ClientContext>();
    caller->begin = SteadyClock::now();
    caller->reader = connections_->stub(caller->connection)
                         ->PrepareUnaryCall(caller->context.get(), request.method, bytes, &queue_);
    caller->reader->StartCall();
    caller->reader->Finish(&caller->answer, &caller->status, caller);
    ++running_;
  }

  Connections* const connections_;
  std::atomic<int>* const next_;
  const int total_;
  grpc::CompletionQueue queue_;
  int running_ = 0;
  std::vector<double> latencies_;
};

// Waits for the operation that was just started; false when it failed.
bool Wait(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue->Next(&tag, &ok) && ok;
}

}  // namespace

Request MakeRequest(std::string method, const google::protobuf::MessageLite& message) {
  return {std::move(method), message.SerializeAsString()};
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

int VisitFields(const grpc::ByteBuffer& message, int number, const VisitField& visit) {
  using google::protobuf::internal::WireFormatLite;
  grpc::ByteBuffer shared = message;
  grpc::ProtoBufferReader reader(&shared);
  google::protobuf::io::CodedInputStream in(&reader);
  const uint32_t wanted =
      WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  int count = 0;
  for (uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    uint32_t size = 0;
    if (tag != wanted) {
      if (!WireFormatLite::SkipField(&in, tag)) break;
      continue;
    }
    if (!in.ReadVarint32(&size)) break;
    const auto limit = in.PushLimit(static_cast<int>(size));
    visit(&in);
    in.Skip(in.BytesUntilLimit());
    in.PopLimit(limit);
    ++count;
  }
  return count;
}

int CountFields(const grpc::ByteBuffer& message, int number) {
  return VisitFields(message, number, [](google::protobuf::io::CodedInputStream*) {});
}

Connections::Connections(const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
  for (const auto& channel : channels)
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
}

absl::StatusOr<grpc::ByteBuffer> Connections::Call(const Request& request) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const grpc::ByteBuffer bytes = ToBuffer(request.bytes);
  const auto reader = stub(0)->PrepareUnaryCall(&context, request.method, bytes, &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  reader->StartCall();
  reader->Finish(&answer, &status, nullptr);
  Wait(&queue);
  RETURN_IF_ERROR(support::ToStatus(status));
  return answer;
}

absl::Status Connections::Stream(const Request& request,
                                 const std::function<void(const grpc::ByteBuffer&)>& visit) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  const auto stream = stub(0)->PrepareCall(&context, request.method, &queue);
  stream->StartCall(nullptr);
  Wait(&queue);
  stream->WriteLast(ToBuffer(request.bytes), {}, nullptr);
  Wait(&queue);
  grpc::ByteBuffer message;
  for (stream->Read(&message, nullptr); Wait(&queue); stream->Read(&message, nullptr))
    visit(message);
  grpc::Status status;
  stream->Finish(&status, nullptr);
  Wait(&queue);
  return support::ToStatus(status);
}

Rate Measure(Connections* connections, int clients, int total,
             const std::function<Request(int i)>& make,
             const std::function<absl::Status(const grpc::ByteBuffer&)>& check) {
  std::atomic<int> next{0};
  const int loops = std::min(clients, kThreads);
  std::vector<std::vector<double>> latencies(loops);
  std::vector<std::thread> threads;
  const auto start = SteadyClock::now();
  for (int i = 0; i < loops; ++i) {
    threads.emplace_back([&, i] {
      Loop loop(connections, &next, total);
      latencies[i] = loop.Run(clients / loops, i * (clients / loops), make, check);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = Seconds(SteadyClock::now() - start);
  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  return {total / elapsed, Percentile(std::move(all), 0.5)};
}

double Percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

}  // namespace reeve::bench
