#include "ctl/errors.h"

#include <absl/strings/cord.h>
#include <fmt/format.h>

#include <map>

#include "base/status.h"
#include "client/transport_error.h"
#include "proto/schema/object.h"
#include "proto/schema/validate.h"

namespace reeve::ctl {
namespace {

constexpr char kServerMark[] = "ctl/from-server";
constexpr char kVerbatimMark[] = "ctl/verbatim";

// Kubernetes' reasons.
std::string_view Reason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    case absl::StatusCode::kAborted:
      return "Conflict";
    case absl::StatusCode::kInvalidArgument:
      return "BadRequest";
    case absl::StatusCode::kFailedPrecondition:
      return "FailedPrecondition";
    case absl::StatusCode::kPermissionDenied:
      return "Forbidden";
    case absl::StatusCode::kUnauthenticated:
      return "Unauthorized";
    case absl::StatusCode::kResourceExhausted:
      return "TooManyRequests";
    case absl::StatusCode::kOutOfRange:
      return "Expired";
    case absl::StatusCode::kDeadlineExceeded:
      return "Timeout";
    case absl::StatusCode::kUnavailable:
      return "ServiceUnavailable";
    case absl::StatusCode::kUnimplemented:
      return "MethodNotAllowed";
    case absl::StatusCode::kDataLoss:
      return "DataLoss";
    default:
      return "InternalError";
  }
}

// What Kubernetes says below field-manager conflicts.
constexpr std::string_view kConflictHelp =
    "These fields have other managers. To manage them from here, apply with --force-conflicts; to\n"
    "leave them to the others, take them out of the manifest.\n";

bool Marked(const absl::Status& status, const char* mark) {
  return status.GetPayload(mark).has_value();
}

std::string PlaceOf(const v1::FieldViolation& violation,
                    const std::vector<schema::Manifest>& manifests) {
  const absl::StatusOr<FieldPath> path = FieldPath::Parse(violation.field());
  for (const schema::Manifest& manifest : manifests) {
    const bool only = manifests.size() == 1 && violation.object().empty();
    if (!only && ToString(schema::KeyOf(manifest.object)) != violation.object()) continue;
    return manifest.Locate(path.ok() ? *path : FieldPath());
  }
  return violation.object();
}

}  // namespace

absl::Status FromServer(absl::Status status) {
  if (!status.ok()) status.SetPayload(kServerMark, absl::Cord("1"));
  return status;
}

absl::Status FromServer(absl::Status status, std::string_view doing) {
  if (status.ok() || client::IsTransportError(status)) return status;
  return FromServer(Annotate(std::move(status), doing));
}

absl::Status Verbatim(absl::Status status) {
  status.SetPayload(kVerbatimMark, absl::Cord("1"));
  return status;
}

absl::Status Located(const absl::Status& status, const std::vector<schema::Manifest>& manifests) {
  std::string text;
  for (const v1::FieldViolation& violation : schema::ViolationsOf(status)) {
    const std::string place = PlaceOf(violation, manifests);
    if (!place.empty()) text += place + ": ";
    if (!violation.field().empty()) text += violation.field() + ": ";
    text += violation.message() + "\n";
  }
  if (text.empty()) return status;
  if (absl::IsAborted(status)) text += kConflictHelp;
  return Verbatim(absl::Status(status.code(), text));
}

std::string ErrorText(const absl::Status& status) {
  std::string message(status.message());
  while (message.ends_with('\n')) message.pop_back();
  if (client::IsTransportError(status) || Marked(status, kVerbatimMark)) return message + "\n";
  if (Marked(status, kServerMark))
    return fmt::format("Error from server ({}): {}\n", Reason(status.code()), message);
  return fmt::format("error: {}\n", message);
}

}  // namespace reeve::ctl
