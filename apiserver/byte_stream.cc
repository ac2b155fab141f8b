#include "apiserver/byte_stream.h"

#include <utility>

namespace reeve::apiserver {

grpc::ByteBuffer ShareBytes(std::shared_ptr<const std::string> bytes) {
  using Holder = std::shared_ptr<const std::string>;
  auto* holder =
      new Holder(std::move(bytes));  // Freed by gRPC with the last reference to the slice.
  void* data = const_cast<char*>((*holder)->data());
  const grpc::Slice slice(
      data, (*holder)->size(), [](void* held) { delete static_cast<Holder*>(held); }, holder);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace reeve::apiserver
