#include "apiserver/http/discovery.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apiserver/http/route.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) { return json.dump() + "\n"; }

Json Resource(const schema::Kind& kind, std::string name, Json verbs) {
  return {{"name", std::move(name)},
          {"singularName", ""},
          {"namespaced", kind.namespaced()},
          {"kind", kind.name},
          {"verbs", std::move(verbs)}};
}

Json Main(const schema::Kind& kind) {
  Json verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  if (kind.namespaced()) verbs.insert(verbs.begin() + 2, "deletecollection");
  Json resource = Resource(kind, kind.plural, std::move(verbs));
  resource["singularName"] = kind.singular;
  if (kind.options.short_names_size() != 0)
    resource["shortNames"] = Json(std::vector<std::string>(kind.options.short_names().begin(),
                                                           kind.options.short_names().end()));
  // `kubectl get all`: what people made in a namespace.
  const bool everyday =
      kind.namespaced() && !kind.options.controllers_only() && !kind.options.nameless();
  if (everyday) resource["categories"] = {"all"};
  return resource;
}

Json Group() {
  const Json version = {{"groupVersion", schema::kApiVersion}, {"version", kVersionName}};
  return {
      {"name", kGroupName}, {"versions", Json::array({version})}, {"preferredVersion", version}};
}

}  // namespace

std::string CoreVersions(std::string_view server) {
  return Dump({{"kind", "APIVersions"},
               {"versions", Json::array()},
               {"serverAddressByClientCIDRs",
                Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server}}})}});
}

std::string CoreResources() {
  return Dump({{"kind", "APIResourceList"}, {"groupVersion", "v1"}, {"resources", Json::array()}});
}

std::string GroupList() {
  return Dump({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array({Group()})}});
}

std::string GroupOfOurs() {
  Json group = {{"kind", "APIGroup"}, {"apiVersion", "v1"}};
  group.update(Group());
  return Dump(group);
}

std::string ResourceList(const schema::KindRegistry& kinds) {
  Json resources = Json::array();
  for (const schema::Kind& kind : kinds.kinds()) {
    resources.push_back(Main(kind));
    if (HasStatus(kind))
      resources.push_back(Resource(kind, kind.plural + "/status", {"get", "patch", "update"}));
    if (HasScale(kind)) {
      Json scale = Resource(kind, kind.plural + "/scale", {"get", "patch", "update"});
      scale["group"] = "autoscaling";
      scale["version"] = "v1";
      scale["kind"] = "Scale";
      resources.push_back(std::move(scale));
    }
  }
  return Dump({{"kind", "APIResourceList"},
               {"apiVersion", "v1"},
               {"groupVersion", schema::kApiVersion},
               {"resources", std::move(resources)}});
}

// kubectl compares the minor version with its own, and wants numbers. The API is that of
// Kubernetes 1.27: server-side apply and OpenAPI v3 are there, streaming lists too.
std::string VersionInfo() {
  return Dump({{"major", "1"},
               {"minor", "27"},
               {"gitVersion", fmt::format("v1.27.0+reeve-{}", REEVE_VERSION)},
               {"gitCommit", ""},
               {"gitTreeState", "clean"},
               {"buildDate", "1970-01-01T00:00:00Z"},
               {"goVersion", ""},
               {"compiler", ""},
               {"platform", "linux/amd64"}});
}

std::string RootPaths() {
  return Dump(
      {{"paths",
        {"/api", "/api/v1", "/apis", "/apis/reeve", "/apis/reeve/v1", "/healthz", "/livez",
         "/openapi/v2", "/openapi/v3", "/openapi/v3/apis/reeve/v1", "/readyz", "/version"}}});
}

std::string OpenApiV3Index(std::string_view group_hash) {
  const std::string url = fmt::format("/openapi/v3/apis/reeve/v1?hash={}", group_hash);
  return Dump({{"paths", {{"apis/reeve/v1", {{"serverRelativeURL", url}}}}}});
}

}  // namespace reeve::apiserver
