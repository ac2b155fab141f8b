// One Watch call: a subscription of the hub, written out as fast as the client reads.
#pragma once

#include "apiserver/api.h"
#include "apiserver/service_context.h"

namespace reeve::apiserver {

// Deletes itself when the call is over.
grpc::ServerWriteReactor<grpc::ByteBuffer>* NewWatchStream(const ServiceContext& context, Api* api,
                                                           grpc::CallbackServerContext* call,
                                                           const grpc::ByteBuffer& request);

}  // namespace reeve::apiserver
