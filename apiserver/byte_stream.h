// Bytes to gRPC without another copy.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <memory>
#include <string>

namespace reeve::apiserver {

// A buffer of one slice that shares `bytes`.
grpc::ByteBuffer ShareBytes(std::shared_ptr<const std::string> bytes);

}  // namespace reeve::apiserver
