// The client of the benchmark, the same for both peers: bytes out, bytes in. What answers say is
// not decoded beyond what a figure needs, so that the client takes as little of the processors as
// it can.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve::bench {

struct Request {
  std::string method;  // "/package.Service/Method".
  std::string bytes;   // The message.
};

Request MakeRequest(std::string method, const google::protobuf::MessageLite& message);

grpc::ByteBuffer ToBuffer(const std::string& bytes);
std::string ToBytes(const grpc::ByteBuffer& buffer);

using VisitField = std::function<void(google::protobuf::io::CodedInputStream*)>;
// Calls `visit` for each field with `number`, a message, at the top of `message`, which ends where
// the field does; what it leaves is skipped. Nothing is copied. How many there were.
int VisitFields(const grpc::ByteBuffer& message, int number, const VisitField& visit);
// How many there are.
int CountFields(const grpc::ByteBuffer& message, int number);

// Thread safety: safe.
class Connections {
 public:
  explicit Connections(const std::vector<std::shared_ptr<grpc::Channel>>& channels);

  grpc::GenericStub* stub(size_t i) { return stubs_[i % stubs_.size()].get(); }

  // One call, waited for.
  absl::StatusOr<grpc::ByteBuffer> Call(const Request& request);
  // Every message of the answer, waited for.
  absl::Status Stream(const Request& request,
                      const std::function<void(const grpc::ByteBuffer&)>& visit);

 private:
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

struct Rate {
  double per_second = 0;
  double p50 = 0;  // Seconds.
};

// `clients` calls at a time, `total` in all, on at most two threads. `check` looks at each answer;
// the first that fails ends the program.
Rate Measure(Connections* connections, int clients, int total,
             const std::function<Request(int i)>& make,
             const std::function<absl::Status(const grpc::ByteBuffer&)>& check);

double Percentile(std::vector<double> values, double p);

// Says why, and ends the program.
void Require(const absl::Status& status);

}  // namespace reeve::bench
