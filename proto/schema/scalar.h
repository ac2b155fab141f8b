// One scalar of a message as text in the Kubernetes dialect, and back: 80, true, RollingUpdate,
// 90s, 2026-01-01T00:00:00Z. Internal to proto/schema.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "proto/schema/reflect.h"

namespace reeve::schema {

inline constexpr std::string_view kRedacted = "***";

inline constexpr int64_t kCenturySeconds = int64_t{100} * 366 * 24 * 3600;

// In one unit: 90s, 500ms.
std::string FormatDuration(const google::protobuf::Duration& duration);
// One or more of 2h, 30m, 90s, 500ms, 10us, 10ns, the larger units first, without sign. At most a
// century.
std::optional<google::protobuf::Duration> ParseDuration(std::string_view text);

std::string FormatTimestamp(const google::protobuf::Timestamp& timestamp);
// RFC 3339, with at most nine decimals.
std::optional<google::protobuf::Timestamp> ParseTimestamp(std::string_view text);

// The text of a scalar, Duration or Timestamp field. `index` is for repeated fields, else -1. ""
// for an unspecified enum.
std::string ScalarText(const Message& message, const FieldDescriptor* field, int index = -1);

// What ParseScalar says when `text` is not a value of the field: "must be an integer". Enums list
// their values.
std::string ExpectedScalar(const FieldDescriptor* field);

// Sets the field, or adds to it when it is repeated. False: `text` is not a value of its type.
// Integers are plain decimal without leading zeros; a "-" is left to the caller's range.
bool ParseScalar(Message* message, const FieldDescriptor* field, std::string_view text);

}  // namespace reeve::schema
