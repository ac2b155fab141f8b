// The scale subresource, autoscaling/v1: spec.replicas of any kind that has it. Pure.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "reeve/v1/kinds.pb.h"

namespace reeve::apiserver {

// REQUIRES: HasScale (route.h).
std::string ScaleJson(const v1::Object& object);

// The merge patch that does to an object what `body` does to its scale: a Scale (of an update), or
// a merge or JSON patch of one. BadRequest when it is none, or is about anything but spec.replicas
// and metadata.resourceVersion.
absl::StatusOr<std::string> ScalePatch(std::string_view media_type, std::string_view body);

}  // namespace reeve::apiserver
