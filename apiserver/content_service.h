// reeve.v1.Content, Hosts and Join over gRPC.
#pragma once

#include <string>

#include "apiserver/content.h"
#include "apiserver/joining.h"
#include "apiserver/service_context.h"
#include "base/mutex.h"
#include "reeve/v1/content.grpc.pb.h"

namespace reeve::apiserver {

// Thread safety: safe. `content` and the context's parts must outlive it.
class ContentService final : public v1::Content::CallbackService {
 public:
  ContentService(const ServiceContext& context, ContentStore* content)
      : context_(context), content_(content) {}

  grpc::ServerReadReactor<v1::BlobChunk>* PutBlob(grpc::CallbackServerContext* call,
                                                  v1::Blob* response) override;
  grpc::ServerWriteReactor<v1::BlobChunk>* GetBlob(grpc::CallbackServerContext* call,
                                                   const v1::GetBlobRequest* request) override;

 private:
  const ServiceContext context_;
  ContentStore* const content_;
};

// For administrators.
class HostsService final : public v1::Hosts::CallbackService {
 public:
  // `endpoint` and `ca_sha256` go into the command that people type on the new host.
  HostsService(const ServiceContext& context, Joining* joining, std::string endpoint,
               std::string ca_sha256)
      : context_(context),
        joining_(joining),
        endpoint_(std::move(endpoint)),
        ca_sha256_(std::move(ca_sha256)) {}

  grpc::ServerUnaryReactor* CreateToken(grpc::CallbackServerContext* call,
                                        const v1::CreateTokenRequest* request,
                                        v1::CreateTokenResponse* response) override;

 private:
  const ServiceContext context_;
  Joining* const joining_;
  const std::string endpoint_;
  const std::string ca_sha256_;
};

// Alone on its port, for whoever holds a token.
class JoinService final : public v1::Join::CallbackService {
 public:
  JoinService(const ServiceContext& context, Joining* joining)
      : context_(context), joining_(joining) {}

  // Where hosts find the API once they have joined. Until it is known, joining is UNAVAILABLE.
  void SetApiEndpoint(std::string endpoint);

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* call, const v1::JoinRequest* request,
                                 v1::JoinResponse* response) override;

 private:
  absl::StatusOr<v1::JoinResponse> Answer(const v1::JoinRequest& request, const std::string& peer);

  const ServiceContext context_;
  Joining* const joining_;
  Mutex mu_;
  std::string api_endpoint_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::apiserver
