// managedFields' paths to Kubernetes' FieldsV1 and back. Pure.
//
// In FieldsV1 "f:<name>" is a field or a map's key, "k:{...}" an item of a list by its merge key,
// "v:<value>" an item of a set, "." the thing itself:
//   spec.process.env[PORT].value  <->
//     {"f:spec":{"f:process":{"f:env":{"k:{\"name\":\"PORT\"}":{"f:value":{}}}}}}
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (fieldsV1)
#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::schema {

// `type` is the kind's message; it says what a step in brackets is. Steps that it does not know
// become fields.
std::string ToFieldsV1(const google::protobuf::Descriptor* type,
                       const std::vector<std::string>& paths);

// Sorted. INVALID_ARGUMENT when `json` is no FieldsV1.
absl::StatusOr<std::vector<std::string>> FromFieldsV1(const google::protobuf::Descriptor* type,
                                                      std::string_view json);

}  // namespace reeve::schema
