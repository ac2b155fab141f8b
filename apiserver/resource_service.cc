#include "apiserver/resource_service.h"

#include <memory>
#include <utility>

#include "apiserver/byte_stream.h"
#include "apiserver/list_stream.h"
#include "apiserver/watch_stream.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

std::string KindName(const v1::Object& object) {
  const schema::Kind* kind = schema::KindOf(object);
  return kind == nullptr ? "" : kind->name;
}

// Of a batch of one kind; several kinds share a label.
std::string KindName(const v1::ApplyRequest& request) {
  const std::string first = request.objects().empty() ? "" : KindName(request.objects(0));
  for (const v1::Object& object : request.objects()) {
    if (KindName(object) != first) return "";
  }
  return first;
}

}  // namespace

grpc::ServerUnaryReactor* ResourceService::Get(grpc::CallbackServerContext* call,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  const auto decoded =
      std::make_shared<const v1::GetRequest>(DecodeRequest<v1::GetRequest>(*request));
  const RequestMetrics metrics(context_.clock, "GET", decoded->key().kind());
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) -> absl::StatusOr<grpc::ByteBuffer> {
        ASSIGN_OR_RETURN(std::string bytes, api_->GetEncoded(who, *decoded));
        return ShareBytes(std::make_shared<const std::string>(std::move(bytes)));
      },
      OfThePast(*decoded) ? Place::kPool : Place::kHere);
}

grpc::ServerUnaryReactor* ResourceService::Apply(grpc::CallbackServerContext* call,
                                                 const v1::ApplyRequest* request,
                                                 v1::ApplyResponse* response) {
  const RequestMetrics metrics(context_.clock, "APPLY", KindName(*request));
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) { return api_->Apply(who, *request); }, Place::kAlone);
}

grpc::ServerUnaryReactor* ResourceService::Create(grpc::CallbackServerContext* call,
                                                  const v1::CreateRequest* request,
                                                  v1::Object* response) {
  const RequestMetrics metrics(context_.clock, "CREATE", KindName(request->object()));
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) { return api_->Create(who, *request); }, Place::kAlone);
}

grpc::ServerUnaryReactor* ResourceService::Update(grpc::CallbackServerContext* call,
                                                  const v1::UpdateRequest* request,
                                                  v1::Object* response) {
  const RequestMetrics metrics(context_.clock, "UPDATE", KindName(request->object()));
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) { return api_->Update(who, *request); }, Place::kAlone);
}

grpc::ServerUnaryReactor* ResourceService::UpdateStatus(grpc::CallbackServerContext* call,
                                                        const v1::UpdateRequest* request,
                                                        v1::Object* response) {
  const RequestMetrics metrics(context_.clock, "UPDATE", KindName(request->object()), "status");
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) { return api_->UpdateStatus(who, *request); }, Place::kAlone);
}

grpc::ServerUnaryReactor* ResourceService::Patch(grpc::CallbackServerContext* call,
                                                 const v1::PatchRequest* request,
                                                 v1::Object* response) {
  const RequestMetrics metrics(context_.clock, "PATCH", request->key().kind(),
                               request->status() ? "status" : "");
  return RunUnary(
      context_, call, metrics, response,
      [=, this](const Identity& who) { return api_->Patch(who, *request); }, Place::kAlone);
}

grpc::ServerUnaryReactor* ResourceService::Delete(grpc::CallbackServerContext* call,
                                                  const v1::DeleteRequest* request,
                                                  v1::DeleteResponse* response) {
  const RequestMetrics metrics(context_.clock, "DELETE", request->key().kind());
  return RunUnary(context_, call, metrics, response,
                  [=, this](const Identity& who) { return api_->Delete(who, *request); });
}

grpc::ServerUnaryReactor* ResourceService::History(grpc::CallbackServerContext* call,
                                                   const v1::HistoryRequest* request,
                                                   v1::HistoryResponse* response) {
  const RequestMetrics metrics(context_.clock, "GET", request->key().kind(), "history");
  return RunUnary(context_, call, metrics, response,
                  [=, this](const Identity& who) { return api_->History(who, *request); });
}

grpc::ServerUnaryReactor* ResourceService::WhoAmI(grpc::CallbackServerContext* call,
                                                  const v1::WhoAmIRequest*,
                                                  v1::WhoAmIResponse* response) {
  const RequestMetrics metrics(context_.clock, "GET", "");
  return RunUnary(context_, call, metrics, response, [this](const Identity& who) {
    return absl::StatusOr<v1::WhoAmIResponse>(api_->WhoAmI(who));
  });
}

grpc::ServerUnaryReactor* ResourceService::Version(grpc::CallbackServerContext* call,
                                                   const v1::VersionRequest*,
                                                   v1::VersionResponse* response) {
  const RequestMetrics metrics(context_.clock, "GET", "");
  return RunUnary(context_, call, metrics, response, [this](const Identity&) {
    return absl::StatusOr<v1::VersionResponse>(api_->Version());
  });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ResourceService::List(grpc::CallbackServerContext* call,
                                                                  const grpc::ByteBuffer* request) {
  return NewListStream(context_, api_, call, *request);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* ResourceService::Watch(
    grpc::CallbackServerContext* call, const grpc::ByteBuffer* request) {
  return NewWatchStream(context_, api_, call, *request);
}

}  // namespace reeve::apiserver
