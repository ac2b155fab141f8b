// reeve.v1.Resources over gRPC: decode, ask the Api, encode. What gets, lists and watches answer
// leaves as bytes that were encoded once.
#pragma once

#include "apiserver/api.h"
#include "apiserver/service_context.h"
#include "reeve/v1/resources.grpc.pb.h"

namespace reeve::apiserver {

// Thread safety: safe. `api` and the context's parts must outlive it.
class ResourceService final
    : public v1::Resources::WithRawCallbackMethod_Get<v1::Resources::WithRawCallbackMethod_List<
          v1::Resources::WithRawCallbackMethod_Watch<v1::Resources::CallbackService>>> {
 public:
  ResourceService(const ServiceContext& context, Api* api) : context_(context), api_(api) {}

  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* call, const grpc::ByteBuffer* request,
                                grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* List(grpc::CallbackServerContext* call,
                                                   const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* call,
                                                    const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Apply(grpc::CallbackServerContext* call,
                                  const v1::ApplyRequest* request,
                                  v1::ApplyResponse* response) override;
  grpc::ServerUnaryReactor* Create(grpc::CallbackServerContext* call,
                                   const v1::CreateRequest* request, v1::Object* response) override;
  grpc::ServerUnaryReactor* Update(grpc::CallbackServerContext* call,
                                   const v1::UpdateRequest* request, v1::Object* response) override;
  grpc::ServerUnaryReactor* UpdateStatus(grpc::CallbackServerContext* call,
                                         const v1::UpdateRequest* request,
                                         v1::Object* response) override;
  grpc::ServerUnaryReactor* Patch(grpc::CallbackServerContext* call,
                                  const v1::PatchRequest* request, v1::Object* response) override;
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* call,
                                   const v1::DeleteRequest* request,
                                   v1::DeleteResponse* response) override;
  grpc::ServerUnaryReactor* History(grpc::CallbackServerContext* call,
                                    const v1::HistoryRequest* request,
                                    v1::HistoryResponse* response) override;
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* call,
                                   const v1::WhoAmIRequest* request,
                                   v1::WhoAmIResponse* response) override;
  grpc::ServerUnaryReactor* Version(grpc::CallbackServerContext* call,
                                    const v1::VersionRequest* request,
                                    v1::VersionResponse* response) override;

 private:
  const ServiceContext context_;
  Api* const api_;
};

}  // namespace reeve::apiserver
