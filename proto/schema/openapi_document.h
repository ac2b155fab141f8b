// The OpenAPI 2 document as a tree, from which both of its forms are made. Internal to
// proto/schema.
#pragma once

#include "proto/schema/kind_registry.h"
#include "proto/schema/node.h"

namespace reeve::schema {

Node OpenApiV2Document(const KindRegistry& registry);

}  // namespace reeve::schema
