#include "apiserver/http/scale.h"

#include <nlohmann/json.hpp>

#include <utility>

#include "apiserver/http/json_body.h"
#include "apiserver/http/kube_status.h"
#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::ordered_json;

int64_t NumberAt(const v1::Object& object, std::string_view path) {
  const std::string text = schema::ValueAt(object, path);
  return text.empty() ? 0 : std::stoll(text);
}

// JSON patches of a scale have one form in practice.
absl::StatusOr<Json> FromJsonPatch(const Json& operations) {
  Json scale = {{"spec", Json::object()}};
  for (const Json& operation : operations) {
    const bool known = operation.is_object() && operation.value("path", Json()) == "/spec/replicas";
    const Json verb = known ? operation.value("op", Json()) : Json();
    if (verb != "replace" && verb != "add")
      return BadRequest("a patch of a scale can only replace /spec/replicas");
    scale["spec"]["replicas"] = operation.value("value", Json());
  }
  return scale;
}

}  // namespace

std::string ScaleJson(const v1::Object& object) {
  const v1::ObjectMeta& meta = schema::Meta(object);
  Json json = {{"kind", "Scale"},
               {"apiVersion", "autoscaling/v1"},
               {"metadata",
                {{"name", meta.name()},
                 {"namespace", meta.namespace_()},
                 {"uid", meta.uid()},
                 {"resourceVersion", meta.resource_version()},
                 {"creationTimestamp", schema::ValueAt(object, "metadata.creationTimestamp")}}},
               {"spec", {{"replicas", NumberAt(object, "spec.replicas")}}},
               {"status", {{"replicas", NumberAt(object, "status.replicas")}}}};
  return json.dump() + "\n";
}

absl::StatusOr<std::string> ScalePatch(std::string_view media_type, std::string_view body) {
  ASSIGN_OR_RETURN(Json scale, ParseJsonBody(body));
  if (scale.is_array() && media_type == "application/json-patch+json") {
    ASSIGN_OR_RETURN(scale, FromJsonPatch(scale));
  }
  if (!scale.is_object()) return BadRequest("the body is no Scale in JSON");
  const Json spec = scale.value("spec", Json::object());
  const Json replicas = spec.is_object() ? spec.value("replicas", Json()) : Json();
  if (!replicas.is_number_integer()) return BadRequest("spec.replicas: must be a number");
  Json patch = {{"spec", {{"replicas", replicas}}}};
  const Json metadata = scale.value("metadata", Json::object());
  if (!metadata.is_object()) return patch.dump();
  // What says of which object it speaks is checked with the patch.
  for (const char* field : {"name", "namespace", "uid", "resourceVersion"}) {
    const Json said = metadata.value(field, Json());
    if (said.is_string() && said != "") patch["metadata"][field] = said;
  }
  return patch.dump();
}

}  // namespace reeve::apiserver
