// Errors as Kubernetes' clients read them: a v1 Status with reason, code and causes. Pure,
// but for when to try again.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "apiserver/http/http_message.h"
#include "apiserver/http/route.h"

namespace reeve::apiserver {

// An error that absl's codes do not tell apart.
enum class KubeError {
  kByStatus,
  kBadRequest,        // 400
  kMethodNotAllowed,  // 405
  kNotAcceptable,     // 406
  kTooLarge,          // 413
  kUnsupportedMedia,  // 415
  kHeaderTooLarge,    // 431
  kRevisionTooLarge,  // 504 with the cause that informers look for.
};
absl::Status WithKubeError(absl::Status status, KubeError error);

// BadRequest("...") and so on: what a request says wrongly of itself.
absl::Status BadRequest(std::string_view why);

// The HTTP code of `status`.
int KubeCode(const absl::Status& status);
// The whole Status object as JSON; `route` gives the details. REQUIRES: not OK.
std::string KubeStatusText(const absl::Status& status, const Route& route);
// It as an answer; 429 and 503 with Retry-After.
HttpResponse ErrorResponse(const absl::Status& status, const Route& route);

}  // namespace reeve::apiserver
