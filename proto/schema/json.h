// Kubernetes' JSON dialect: camelCase, CamelCase enums, 30s durations, RFC 3339 times,
// resourceVersion a string, other numbers JSON numbers. nlohmann::json is included by json.cc and
// json_patch.cc only.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/object.h"

namespace reeve::schema {

// Sensitive fields show as "***". With apiVersion and kind first. `indent` < 0: one line.
std::string ToJson(const Message& object, int indent = 4);
std::string ToJsonList(const std::vector<v1::Object>& objects, int indent = 4);

// Strict: duplicate keys and unknown fields are INVALID_ARGUMENT with everything that is wrong, one
// a line. Status and what else the server owns is read too. For other registries see
// ParseManifests.
absl::StatusOr<v1::Object> FromJson(std::string_view text,
                                    const KindRegistry& registry = KindRegistry::Get());

}  // namespace reeve::schema
