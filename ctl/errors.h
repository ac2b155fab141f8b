// Errors in kubectl's words.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/schema/yaml.h"

namespace reeve::ctl {

// Marks `status` as the server's answer: it is shown as "Error from server (NotFound): ...".
absl::Status FromServer(absl::Status status);
template <typename T>
absl::StatusOr<T> FromServer(absl::StatusOr<T> result) {
  if (!result.ok()) return FromServer(result.status());
  return result;
}
// The same, with what was being done: "error when creating "site.yaml"".
absl::Status FromServer(absl::Status status, std::string_view doing);

// Marks `status` as complete in itself: it is shown without "error: ".
absl::Status Verbatim(absl::Status status);

// What was wrong with objects that came from files, at their places: "site.yaml:12:7:
// spec.replicas: must be at least 1", one a line. `status` itself when it holds no violations.
absl::Status Located(const absl::Status& status, const std::vector<schema::Manifest>& manifests);

// What is printed, with its line end.
std::string ErrorText(const absl::Status& status);

}  // namespace reeve::ctl
