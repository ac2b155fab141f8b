// What Kubernetes itself defines beside objects, in OpenAPI: Status, DeleteOptions, ListMeta and
// the like. Internal to proto/schema.
//
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/schema/openapi_schema.h"

namespace reeve::schema {

std::vector<std::pair<std::string, Node>> MetaDefinitions(OpenApi version);

// Pieces of schemas.
Node TypeSchema(std::string_view type);
Node DescribedType(std::string_view type, std::string_view description);
Node TimeSchema();
// apiVersion and kind.
void AddTypeMeta(Node* properties);
// What a ManagedFieldsEntry has instead of a list of paths.
void AddFieldsV1(OpenApi version, Node* properties);

}  // namespace reeve::schema
