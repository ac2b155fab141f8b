// What the server says of itself: versions, groups, resources. All from the schema. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proto/schema/kind_registry.h"

namespace reeve::apiserver {

std::string CoreVersions(std::string_view server);  // /api
std::string CoreResources();                        // /api/v1
std::string GroupList();                            // /apis
std::string GroupOfOurs();                          // /apis/reeve
// /apis/reeve/v1
std::string ResourceList(const schema::KindRegistry& kinds = schema::KindRegistry::Get());
std::string VersionInfo();                                // /version
std::string RootPaths();                                  // /
std::string OpenApiV3Index(std::string_view group_hash);  // /openapi/v3

}  // namespace reeve::apiserver
