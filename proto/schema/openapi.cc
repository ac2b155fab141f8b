#include "proto/schema/openapi.h"

#include "proto/schema/json_node.h"
#include "proto/schema/openapi_document.h"
#include "proto/schema/openapi_paths.h"
#include "proto/schema/openapi_schema.h"

namespace reeve::schema {
namespace {

Node Info() {
  Node info = MapNode();
  Put(&info, "title", "Reeve");
  Put(&info, "version", "v1");
  return info;
}

}  // namespace

Node OpenApiV2Document(const KindRegistry& registry) {
  Node document = MapNode();
  Put(&document, "swagger", "2.0");
  Put(&document, "info", Info());
  Put(&document, "paths", Paths(OpenApi::kV2, registry));
  Put(&document, "definitions", Definitions(OpenApi::kV2, registry));
  return document;
}

std::string OpenApiV2(const KindRegistry& registry) {
  return DumpJson(OpenApiV2Document(registry));
}

std::string OpenApiV3(const KindRegistry& registry) {
  Node components = MapNode();
  Put(&components, "schemas", Definitions(OpenApi::kV3, registry));
  Node document = MapNode();
  Put(&document, "openapi", "3.0.0");
  Put(&document, "info", Info());
  Put(&document, "paths", Paths(OpenApi::kV3, registry));
  Put(&document, "components", std::move(components));
  return DumpJson(document);
}

}  // namespace reeve::schema
