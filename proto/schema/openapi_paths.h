// The paths of openapi.h: what can be done with each kind, over HTTP. Internal to proto/schema.
//
// https://kubernetes.io/docs/reference/using-api/api-concepts/ (paths, verbs, query parameters).
#pragma once

#include "proto/schema/openapi_schema.h"

namespace reeve::schema {

Node Paths(OpenApi version, const KindRegistry& registry);

}  // namespace reeve::schema
