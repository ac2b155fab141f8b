// The schema as OpenAPI, from the kinds' descriptors, options and comments: what `kubectl explain`,
// `kubectl apply`'s validation and generated clients read. Pure and slow (milliseconds): callers
// keep the result.
//
// Kinds are reeve.v1.<Kind>, messages inside them reeve.v1.<Message>, what Kubernetes defines
// io.k8s.apimachinery.pkg.apis.meta.v1.<Message>.
#pragma once

#include <string>

#include "proto/schema/kind_registry.h"

namespace reeve::schema {

// For /openapi/v2: Swagger 2.0 as JSON.
std::string OpenApiV2(const KindRegistry& registry);
// The same as the protobuf message openapi.v2.Document, which is all that kubectl asks for:
// Content-Type kOpenApiV2ProtoType.
std::string OpenApiV2Proto(const KindRegistry& registry);
inline constexpr char kOpenApiV2ProtoType[] =
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

// For /openapi/v3/apis/reeve/v1: OpenAPI 3.0 of the one group and version, as JSON.
std::string OpenApiV3(const KindRegistry& registry);

}  // namespace reeve::schema
