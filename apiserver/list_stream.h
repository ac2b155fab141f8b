// One List call: chunks of at most kListChunkBytes, the last with the summary.
#pragma once

#include "apiserver/api.h"
#include "apiserver/service_context.h"

namespace reeve::apiserver {

// Deletes itself when the call is over.
grpc::ServerWriteReactor<grpc::ByteBuffer>* NewListStream(const ServiceContext& context, Api* api,
                                                          grpc::CallbackServerContext* call,
                                                          const grpc::ByteBuffer& request);

}  // namespace reeve::apiserver
