#include "apiserver/http/kube_status.h"

#include <absl/strings/cord.h>

#include <nlohmann/json.hpp>

#include "apiserver/worker_pool.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::ordered_json;
using Code = absl::StatusCode;

constexpr char kErrorUrl[] = "reeve.dev/kube-error";
// HTTP has whole seconds only: one or two, at random.
int64_t RetryAfterSeconds() {
  return absl::ToInt64Seconds(absl::Ceil(RetryAfter(), absl::Seconds(1)));
}

struct Shape {
  int code;
  std::string_view reason;
};

KubeError KubeErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorUrl);
  if (!payload.has_value()) return KubeError::kByStatus;
  return static_cast<KubeError>(std::string(*payload)[0]);
}

Shape ShapeByCode(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return {422, "Invalid"};
    case Code::kNotFound:
      return {404, "NotFound"};
    case Code::kAlreadyExists:
      return {409, "AlreadyExists"};
    case Code::kAborted:
    case Code::kFailedPrecondition:
      return {409, "Conflict"};
    case Code::kPermissionDenied:
      return {403, "Forbidden"};
    case Code::kUnauthenticated:
      return {401, "Unauthorized"};
    case Code::kOutOfRange:
    case Code::kDataLoss:  // Of another epoch: what the client knows is of another store.
      return {410, "Expired"};
    case Code::kResourceExhausted:
      return {429, "TooManyRequests"};
    case Code::kUnavailable:
    case Code::kCancelled:
      return {503, "ServiceUnavailable"};
    case Code::kDeadlineExceeded:
      return {504, "Timeout"};
    default:
      return {500, "InternalError"};
  }
}

Shape ShapeOf(const absl::Status& status) {
  switch (KubeErrorOf(status)) {
    case KubeError::kBadRequest:
      return {400, "BadRequest"};
    case KubeError::kMethodNotAllowed:
      return {405, "MethodNotAllowed"};
    case KubeError::kNotAcceptable:
      return {406, "NotAcceptable"};
    case KubeError::kTooLarge:
      return {413, "RequestEntityTooLarge"};
    case KubeError::kUnsupportedMedia:
      return {415, "UnsupportedMediaType"};
    case KubeError::kHeaderTooLarge:
      return {431, "BadRequest"};
    case KubeError::kRevisionTooLarge:
      return {504, "Timeout"};
    case KubeError::kByStatus:
      return ShapeByCode(status.code());
  }
  return {500, "InternalError"};
}

std::string_view CauseReason(const absl::Status& status) {
  if (absl::IsAborted(status)) return "FieldManagerConflict";
  return absl::IsAlreadyExists(status) ? "FieldValueDuplicate" : "FieldValueInvalid";
}

// "spec.replicas: must be at least 0" as a violation; without a field when it does not look so.
v1::FieldViolation ViolationOf(std::string_view line) {
  v1::FieldViolation violation;
  const size_t colon = line.find(": ");
  const std::string_view field = line.substr(0, colon);
  const bool path = colon != std::string_view::npos && field.find(' ') == std::string_view::npos;
  if (path) violation.set_field(std::string(field));
  violation.set_message(std::string(path ? line.substr(colon + 2) : line));
  return violation;
}

// Of an invalid object kubectl shows the causes and nothing else: there are always some.
schema::Violations ViolationsFor(const absl::Status& status, int code) {
  schema::Violations violations = schema::ViolationsOf(status);
  if (!violations.empty() || code != 422) return violations;
  for (const std::string& line : Split(reeve::Message(status), '\n'))
    violations.push_back(ViolationOf(line));
  return violations;
}

Json Causes(const absl::Status& status, int code) {
  Json causes = Json::array();
  for (const v1::FieldViolation& violation : ViolationsFor(status, code)) {
    causes.push_back({{"reason", CauseReason(status)},
                      {"message", violation.message()},
                      {"field", violation.field()}});
  }
  if (KubeErrorOf(status) == KubeError::kRevisionTooLarge)
    causes.push_back(
        {{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}});
  return causes;
}

bool Retryable(int code) { return code == 429 || code == 503 || code == 504; }

Json Details(const absl::Status& status, const Shape& shape, const Route& route) {
  Json details = Json::object();
  if (!route.name.empty() && route.kind != nullptr) details["name"] = route.name;
  if (route.kind != nullptr) {
    if (!route.core) details["group"] = kGroupName;
    // kubectl says `The Site "x" is invalid`, and `sites "x" not found`.
    details["kind"] = shape.code == 422 ? route.kind->name : route.kind->plural;
  }
  if (Json causes = Causes(status, shape.code); !causes.empty())
    details["causes"] = std::move(causes);
  if (Retryable(shape.code)) details["retryAfterSeconds"] = RetryAfterSeconds();
  return details;
}

}  // namespace

absl::Status WithKubeError(absl::Status status, KubeError error) {
  status.SetPayload(kErrorUrl, absl::Cord(std::string(1, static_cast<char>(error))));
  return status;
}

absl::Status BadRequest(std::string_view why) {
  return WithKubeError(InvalidArgument("{}", why), KubeError::kBadRequest);
}

int KubeCode(const absl::Status& status) { return status.ok() ? 200 : ShapeOf(status).code; }

std::string KubeStatusText(const absl::Status& status, const Route& route) {
  const Shape shape = ShapeOf(status);
  Json json = {{"kind", "Status"},
               {"apiVersion", "v1"},
               {"metadata", Json::object()},
               {"status", "Failure"},
               {"message", reeve::Message(status)},
               {"reason", shape.reason}};
  if (Json details = Details(status, shape, route); !details.empty())
    json["details"] = std::move(details);
  json["code"] = shape.code;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

HttpResponse ErrorResponse(const absl::Status& status, const Route& route) {
  HttpResponse response;
  response.code = KubeCode(status);
  response.body = KubeStatusText(status, route);
  if (Retryable(response.code))
    response.headers.emplace_back("Retry-After", fmt::format("{}", RetryAfterSeconds()));
  return response;
}

}  // namespace reeve::apiserver
