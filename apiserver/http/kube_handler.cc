#include "apiserver/http/kube_handler.h"

#include <absl/strings/numbers.h>

#include <utility>

#include "apiserver/http/discovery.h"
#include "apiserver/http/kube_status.h"
#include "apiserver/list_cursor.h"
#include "apiserver/request_metrics.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/openapi.h"

namespace reeve::apiserver {
namespace {

using Type = Route::Type;

// What kubectl's media type for OpenAPI v2 was before it had a regular name; both are asked for.
constexpr std::string_view kOpenApiProtoAnswer =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

HttpResponse TextResponse(int code, std::string text) {
  HttpResponse response;
  response.code = code;
  response.content_type = std::string(kTextContent);
  response.body = std::move(text);
  return response;
}

HttpResponse JsonResponse(std::string text) {
  HttpResponse response;
  response.body = std::move(text);
  return response;
}

absl::Status NoSuchPath() { return NotFound("the server could not find the requested resource"); }

absl::Status NotAllowed(std::string_view method, const Route& route) {
  return WithKubeError(InvalidArgument("{} is not supported on resources of kind \"{}\"", method,
                                       route.kind->plural),
                       KubeError::kMethodNotAllowed);
}

bool IsWatch(const Query& query) { return BoolParam(query, "watch"); }

// As the metrics have it: Kubernetes' verbs.
std::string VerbOf(const HttpRequest& request, const Route& route, const Query& query) {
  if (request.method == "GET") {
    if (IsWatch(query)) return "WATCH";
    return route.type == Type::kCollection ? "LIST" : "GET";
  }
  if (request.method == "POST") return "CREATE";
  if (request.method == "PUT") return "UPDATE";
  if (request.method == "DELETE")
    return route.type == Type::kCollection ? "DELETECOLLECTION" : "DELETE";
  if (request.method != "PATCH") return "OTHER";
  return MediaType(request.content_type) == "application/apply-patch+yaml" ? "APPLY" : "PATCH";
}

// A page is as quick as any other request.
bool IsWholeCollection(const HttpRequest& request, const Route& route, const Query& query) {
  if (route.type != Type::kCollection || IsWatch(query)) return false;
  if (request.method == "DELETE") return true;
  int limit = 0;
  const bool page =
      absl::SimpleAtoi(ToAbsl(Param(query, "limit")), &limit) && limit > 0 && limit <= kListPageMax;
  return request.method == "GET" && !page;
}

}  // namespace

KubeHandler::KubeHandler(Options options)
    : options_(std::move(options)),
      openapi_v2_(schema::OpenApiV2(schema::KindRegistry::Get())),
      openapi_v2_proto_(schema::OpenApiV2Proto(schema::KindRegistry::Get())),
      openapi_v3_(schema::OpenApiV3(schema::KindRegistry::Get())),
      openapi_v3_hash_(Sha256Hex(openapi_v3_)) {}

HttpResponse KubeHandler::Refuse(int code, std::string_view why) {
  absl::Status status = BadRequest(why);
  if (code == 413)
    status = WithKubeError(InvalidArgument("the body is larger than {} bytes", kRequestBytesMax),
                           KubeError::kTooLarge);
  if (code == 431) status = WithKubeError(InvalidArgument("{}", why), KubeError::kHeaderTooLarge);
  if (code == 429) status = ResourceExhausted("{}", why);
  if (code == 403) status = PermissionDenied("{}", why);
  return ErrorResponse(status, {});
}

Priority KubeHandler::PriorityOf(const HttpRequest& request) {
  const absl::StatusOr<Target> target = ParseTarget(request.target);
  if (!target.ok()) return Priority::kPeople;
  const Route route = ParseRoute(target->path);
  const absl::StatusOr<Identity> who = options_.identify(request.client_cert_pem);
  // Whoever is nobody is answered quickly.
  if (route.kind == nullptr || !who.ok()) return Priority::kPeople;
  if (IsWholeCollection(request, route, target->query)) return Priority::kLists;
  return apiserver::PriorityOf(*who, route.kind->plural);
}

HttpResponse KubeHandler::Handle(const HttpRequest& request, std::function<void()> wake) {
  const absl::StatusOr<Target> target = ParseTarget(request.target);
  if (!target.ok()) return ErrorResponse(BadRequest(reeve::Message(target.status())), {});
  Route route = ParseRoute(target->path);
  if (route.type == Type::kHealth) return Health(route, target->query);
  if (route.kind == nullptr) {
    absl::StatusOr<HttpResponse> response = Document(request, route);
    return response.ok() ? *std::move(response) : ErrorResponse(response.status(), route);
  }
  const RequestMetrics metrics(options_.clock, VerbOf(request, route, target->query),
                               route.kind->name, route.subresource);
  absl::StatusOr<HttpResponse> response = Resource(request, target->query, &route, std::move(wake));
  metrics.Done(response.status());
  return response.ok() ? *std::move(response) : ErrorResponse(response.status(), route);
}

HttpResponse KubeHandler::Health(const Route& route, const Query& query) const {
  if (route.name == "livez") return TextResponse(200, "ok");
  std::string text;
  bool ready = true;
  for (const client::ReadinessCheck& check : options_.checks()) {
    const absl::Status status = check.check();
    ready = ready && status.ok();
    text += status.ok() ? fmt::format("[+]{} ok\n", check.name)
                        : fmt::format("[-]{} failed: {}\n", check.name, reeve::Message(status));
  }
  if (ready && !query.contains("verbose")) return TextResponse(200, "ok");
  text += fmt::format("{} check {}\n", route.name, ready ? "passed" : "failed");
  return TextResponse(ready ? 200 : 503, std::move(text));
}

absl::StatusOr<HttpResponse> KubeHandler::Document(const HttpRequest& request,
                                                   const Route& route) const {
  if (route.type == Type::kVersion) return JsonResponse(VersionInfo());
  RETURN_IF_ERROR(options_.identify(request.client_cert_pem).status());
  switch (route.type) {
    case Type::kRoot:
      return JsonResponse(RootPaths());
    case Type::kCoreVersions:
      return JsonResponse(CoreVersions(options_.address));
    case Type::kCoreResources:
      return JsonResponse(CoreResources());
    case Type::kGroups:
      return JsonResponse(GroupList());
    case Type::kGroup:
      return JsonResponse(GroupOfOurs());
    case Type::kResources:
      return JsonResponse(ResourceList());
    case Type::kOpenApiV3Root:
      return JsonResponse(OpenApiV3Index(openapi_v3_hash_));
    case Type::kOpenApiV3:
      return JsonResponse(openapi_v3_);
    case Type::kOpenApiV2: {
      if (!Prefers(request.accept, schema::kOpenApiV2ProtoType)) return JsonResponse(openapi_v2_);
      HttpResponse response = JsonResponse(openapi_v2_proto_);
      response.content_type = std::string(kOpenApiProtoAnswer);
      return response;
    }
    default:
      return NoSuchPath();
  }
}

absl::StatusOr<HttpResponse> KubeHandler::Resource(const HttpRequest& request, const Query& query,
                                                   Route* route, std::function<void()> wake) {
  ASSIGN_OR_RETURN(Identity who, options_.identify(request.client_cert_pem));
  ASSIGN_OR_RETURN(BodyForm form, FormOf(request.accept, query, options_.clock->Read().wall));
  Call call{request, query, *route, std::move(who), form};
  absl::StatusOr<HttpResponse> response = Dispatch(&call, std::move(wake));
  *route = std::move(call.route);
  return response;
}

absl::StatusOr<HttpResponse> KubeHandler::Dispatch(Call* call, std::function<void()> wake) {
  if (call->route.type == Type::kCollection) return OnCollection(call, std::move(wake));
  if (call->route.subresource == "scale") return OnScale(call);
  return OnObject(call, std::move(wake));
}

absl::StatusOr<HttpResponse> KubeHandler::OnCollection(Call* call, std::function<void()> wake) {
  const std::string& method = call->http.method;
  if (method == "GET") return IsWatch(call->query) ? Watch(*call, std::move(wake)) : List(*call);
  if (call->route.core && call->route.kind->plural == "events")
    return NotAllowed(method, call->route);
  const bool of_namespace = !call->route.ns.empty();
  if (method == "POST" && (of_namespace || !call->route.kind->namespaced())) return Create(call);
  // Who means to empty a namespace names it, and what is in none is named one by one: an empty
  // variable, as in "namespaces/$NS", must not mean all.
  if (method == "DELETE" && of_namespace) return DeleteCollection(*call);
  return NotAllowed(method, call->route);
}

absl::StatusOr<HttpResponse> KubeHandler::OnObject(Call* call, std::function<void()> wake) {
  const std::string& method = call->http.method;
  if (method == "GET") return IsWatch(call->query) ? Watch(*call, std::move(wake)) : Get(*call);
  if (call->route.core && call->route.kind->plural == "events")
    return NotAllowed(method, call->route);
  if (method == "PUT") return Update(*call);
  if (method == "PATCH") return Patch(*call);
  const bool itself = call->route.type == Type::kObject;
  if (method == "DELETE" && itself) return Delete(*call);
  return NotAllowed(method, call->route);
}

}  // namespace reeve::apiserver
