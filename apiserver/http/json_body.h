// Bodies in JSON, before anything is known of them. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace reeve::apiserver {

// `body` as a value; one of type `discarded` when it is no JSON. What is nested deeper than a
// manifest may be is a BadRequest: to write or merge such a value would need a stack as deep.
absl::StatusOr<nlohmann::ordered_json> ParseJsonBody(std::string_view body);

}  // namespace reeve::apiserver
