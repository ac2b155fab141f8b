// Bytes to gRPC without another copy, and requests from the bytes that gRPC hands over.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <memory>
#include <string>

namespace reeve::apiserver {

// A buffer of one slice that shares `bytes`.
grpc::ByteBuffer ShareBytes(std::shared_ptr<const std::string> bytes);

// What cannot be read is empty: it names no kind, and is refused as that.
template <typename Request>
Request DecodeRequest(grpc::ByteBuffer bytes) {
  Request request;
  if (!grpc::SerializationTraits<Request>::Deserialize(&bytes, &request).ok()) request.Clear();
  return request;
}

}  // namespace reeve::apiserver
