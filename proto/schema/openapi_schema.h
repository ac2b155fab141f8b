// The definitions of openapi.h: a JSON schema for each message. Internal to proto/schema.
//
// The x-kubernetes- extensions: https://kubernetes.io/docs/reference/using-api/server-side-apply/
// #merge-strategy (list-type, list-map-keys) and
// https://github.com/kubernetes/community/blob/master/contributors/devel/
// sig-api-machinery/strategic-merge-patch.md
// (patch-strategy, patch-merge-key).
#pragma once

#include <string>
#include <string_view>

#include "proto/schema/json_node.h"
#include "proto/schema/kind_registry.h"

namespace reeve::schema {

enum class OpenApi { kV2, kV3 };

// Of the API group "reeve" and version "v1".
inline constexpr std::string_view kApiGroup = "reeve";
inline constexpr std::string_view kGroupVersion = "v1";
inline constexpr std::string_view kMetaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";

// "reeve.v1.Site"; Kubernetes' name for what Kubernetes defines.
std::string DefinitionName(const google::protobuf::Descriptor* type);
std::string ListDefinitionName(const Kind& kind);

// {"$ref": ...} to a definition.
Node RefTo(OpenApi version, std::string_view definition);
// {"group": "reeve", "kind": ..., "version": "v1"}.
Node GroupVersionKind(std::string_view group, std::string_view kind);

// Every definition that the kinds and their paths need, sorted by name.
Node Definitions(OpenApi version, const KindRegistry& registry);

}  // namespace reeve::schema
