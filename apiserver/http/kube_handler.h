// The API over HTTP in Kubernetes' dialect, without a wire: a request to an answer.
//
// What differs from Kubernetes: bodies are always read strictly (an unknown field is 400, whatever
// fieldValidation says); a resourceVersion of a list means "at least this", unless
// resourceVersionMatch=Exact. docs/kubernetes-clients.md has the whole of it.
//
// Thread safety: safe.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "apiserver/api.h"
#include "apiserver/http/http_message.h"
#include "apiserver/http/kube_body.h"
#include "apiserver/http/route.h"
#include "base/clock.h"
#include "client/http_probe_server.h"

namespace reeve::apiserver {

class KubeHandler final : public HttpHandler {
 public:
  // Everything must outlive it.
  struct Options {
    Api* api = nullptr;
    Clock* clock = nullptr;
    // Of a verified client certificate.
    std::function<absl::StatusOr<Identity>(const std::string& cert_pem)> identify;
    // For /readyz.
    std::function<std::vector<client::ReadinessCheck>()> checks;
    std::string address;  // What /api says: host:port.
  };
  explicit KubeHandler(Options options);

  HttpResponse Handle(const HttpRequest& request, std::function<void()> wake) override;
  // As gRPC has it: whole lists apart, hosts and controllers by who they are.
  Priority PriorityOf(const HttpRequest& request) override;
  HttpResponse Refuse(int code, std::string_view why) override;

 private:
  // One request for resources.
  struct Call {
    const HttpRequest& http;
    const Query& query;
    Route route;  // `name` is filled in from the body of a create, for the answer's details.
    Identity who;
    BodyForm form;
  };

  HttpResponse Health(const Route& route, const Query& query) const;
  // What is the same for everybody; UNAUTHENTICATED for those who are nobody.
  absl::StatusOr<HttpResponse> Document(const HttpRequest& request, const Route& route) const;
  absl::StatusOr<HttpResponse> Resource(const HttpRequest& request, const Query& query,
                                        Route* route, std::function<void()> wake);
  absl::StatusOr<HttpResponse> Dispatch(Call* call, std::function<void()> wake);
  absl::StatusOr<HttpResponse> OnCollection(Call* call, std::function<void()> wake);
  absl::StatusOr<HttpResponse> OnObject(Call* call, std::function<void()> wake);
  absl::StatusOr<HttpResponse> OnScale(Call* call);

  absl::StatusOr<HttpResponse> Get(const Call& call);
  absl::StatusOr<HttpResponse> List(const Call& call);
  absl::StatusOr<HttpResponse> Table(const Call& call, const v1::ListRequest& request,
                                     const std::function<bool(const v1::Object&)>& wanted);
  absl::StatusOr<HttpResponse> Watch(const Call& call, std::function<void()> wake);
  absl::StatusOr<HttpResponse> Create(Call* call);
  absl::StatusOr<HttpResponse> Update(const Call& call);
  absl::StatusOr<HttpResponse> Patch(const Call& call);
  absl::StatusOr<HttpResponse> Apply(const Call& call);
  absl::StatusOr<HttpResponse> Delete(const Call& call);
  absl::StatusOr<HttpResponse> DeleteCollection(const Call& call);

  absl::StatusOr<v1::Object> Find(const Call& call);
  // NOT_FOUND... of a revision that is not there yet.
  absl::Status CheckRevision(const Query& query) const;

  const Options options_;
  // Made once: they are the schema's.
  const std::string openapi_v2_;
  const std::string openapi_v2_proto_;
  const std::string openapi_v3_;
  const std::string openapi_v3_hash_;
};

}  // namespace reeve::apiserver
