#include "apiserver/http/json_body.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apiserver/http/kube_status.h"
#include "base/limits.h"

namespace reeve::apiserver {

using Json = nlohmann::ordered_json;

absl::StatusOr<Json> ParseJsonBody(std::string_view body) {
  bool too_deep = false;
  const auto keep = [&](int depth, Json::parse_event_t, const Json&) {
    too_deep = too_deep || depth > kManifestDepthMax;
    return !too_deep;
  };
  Json json = Json::parse(body, keep, false);
  if (too_deep)
    return BadRequest(fmt::format("nested too deeply: at most {} levels", kManifestDepthMax));
  return json;
}

}  // namespace reeve::apiserver
