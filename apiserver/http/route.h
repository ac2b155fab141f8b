// Where a request goes: Kubernetes' paths and queries, taken apart. Pure.
//
//   /apis/reeve/v1/namespaces/shop/sites/blog/scale?dryRun=All
//   -> kSubresource, Site, namespace shop, name blog, subresource scale; dryRun -> All
//
// Of the core group only what kubectl asks of every server is there: namespaces (the same objects
// as ours) and, for reading, events.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>

#include "proto/schema/kind_registry.h"

namespace reeve::apiserver {

struct Route {
  enum class Type {
    kNone,  // There is nothing at this path.
    kRoot,
    kHealth,  // /livez, /readyz, /healthz: `name`.
    kVersion,
    kCoreVersions,   // /api
    kCoreResources,  // /api/v1
    kGroups,         // /apis
    kGroup,          // /apis/reeve
    kResources,      // /apis/reeve/v1
    kOpenApiV2,
    kOpenApiV3Root,
    kOpenApiV3,  // Of our group.
    kCollection,
    kObject,
    kSubresource,
  };
  Type type = Type::kNone;
  bool core = false;                   // By the core group's path: apiVersion is v1.
  const schema::Kind* kind = nullptr;  // Of collections, objects and subresources.
  std::string ns;                      // Empty: all, or none.
  std::string name;
  std::string subresource;  // "status" or "scale".
};

// What follows the "?", each name once: the last one counts.
using Query = std::map<std::string, std::string, std::less<>>;

struct Target {
  std::string path;  // Still escaped.
  Query query;
};

// INVALID_ARGUMENT: no absolute path, or a broken escape in the query.
absl::StatusOr<Target> ParseTarget(std::string_view target);
Route ParseRoute(std::string_view path,
                 const schema::KindRegistry& kinds = schema::KindRegistry::Get());

// The value of `name`, or "".
std::string_view Param(const Query& query, std::string_view name);
// As Kubernetes has it: true, True, 1, and a name without a value.
bool BoolParam(const Query& query, std::string_view name);

// What a kind has beside itself.
bool HasStatus(const schema::Kind& kind);
// spec.replicas and status.replicas.
bool HasScale(const schema::Kind& kind);

inline constexpr std::string_view kGroupName = "reeve";
inline constexpr std::string_view kVersionName = "v1";

}  // namespace reeve::apiserver
