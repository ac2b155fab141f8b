#include "apiserver/http/kube_body.h"

#include <nlohmann/json.hpp>

#include "apiserver/http/core_event.h"
#include "apiserver/http/json_body.h"
#include "apiserver/http/kube_status.h"
#include "apiserver/pki.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/kube_json.h"
#include "proto/schema/validate.h"
#include "proto/schema/yaml.h"

namespace reeve::apiserver {
namespace {

using Json = nlohmann::ordered_json;
using Form = Accepted::Form;

constexpr size_t kGeneratedSuffix = 5;

// The first `from` in `text` replaced.
std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Both are in meta.k8s.io, and the same.
std::string OfVersion(const BodyForm& form, std::string text) {
  if (!form.accepted.beta) return text;
  return Replaced(std::move(text), "\"meta.k8s.io/v1\"", "\"meta.k8s.io/v1beta1\"");
}

std::string Plain(const Route& route, const v1::Object& object) {
  if (!route.core) return schema::ToKubeJson(object);
  if (object.has_event()) return CoreEventJson(object);
  return Replaced(schema::ToKubeJson(object), "\"reeve/v1\"", "\"v1\"");
}

std::string TableOf(const Route& route, const BodyForm& form,
                    const std::vector<const google::protobuf::Message*>& objects,
                    std::string resource_version, std::string continue_token) {
  return OfVersion(form, TableJson(*route.kind, objects,
                                   {.include = form.include,
                                    .headers = form.headers,
                                    .now = form.now,
                                    .resource_version = std::move(resource_version),
                                    .continue_token = std::move(continue_token)}));
}

bool IsYaml(std::string_view content_type) {
  const std::string_view type = MediaType(content_type);
  return type.ends_with("yaml") || type.ends_with("x-yaml");
}

absl::Status Unsupported(std::string_view content_type) {
  return WithKubeError(
      InvalidArgument("the body of the request was in an unknown format: {}; accepted media types "
                      "include: application/json, application/yaml",
                      content_type),
      KubeError::kUnsupportedMedia);
}

// What JSON bodies may leave out, or have in a form that only Kubernetes knows.
void Complete(const Route& route, Json* document) {
  Json& json = *document;
  if (route.core || !json.contains("apiVersion")) json["apiVersion"] = schema::kApiVersion;
  if (!json.contains("kind")) json["kind"] = route.kind->name;
  const auto metadata = json.find("metadata");
  if (metadata == json.end() || !metadata->is_object()) return;
  const auto generate = metadata->find("generateName");
  if (generate == metadata->end()) return;
  const std::string prefix = generate->is_string() ? generate->get<std::string>() : "";
  if (!prefix.empty() && metadata->value("name", Json()).empty())
    (*metadata)["name"] = prefix + RandomBase32(kGeneratedSuffix);
  metadata->erase("generateName");
}

bool IsComplete(const Route& route, const Json& json) {
  if (route.core || !json.contains("apiVersion") || !json.contains("kind")) return false;
  const auto metadata = json.find("metadata");
  return metadata == json.end() || !metadata->is_object() || !metadata->contains("generateName");
}

absl::StatusOr<v1::Object> FromJsonBody(const Route& route, std::string_view body,
                                        std::vector<FieldPath>* mentioned = nullptr) {
  ASSIGN_OR_RETURN(Json json, ParseJsonBody(body));
  if (!json.is_object()) return BadRequest("the body is no JSON object");
  std::string completed;
  if (!IsComplete(route, json)) {
    Complete(route, &json);
    completed = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    body = completed;
  }
  auto object = schema::FromKubeJson(body, schema::KindRegistry::Get(), mentioned);
  if (!object.ok()) return DocumentError(object.status());
  return std::move(static_cast<v1::Object&>(**object));
}

absl::StatusOr<schema::Manifest> ManifestOf(std::string_view body) {
  auto manifests = schema::ParseManifests(body, "body");
  if (!manifests.ok()) return DocumentError(manifests.status());
  if (manifests->size() != 1) return BadRequest("the body must be one object");
  return std::move(manifests->front());
}

// The path says which object it is.
absl::Status Place(const Route& route, v1::Object* object) {
  const schema::Kind* kind = schema::KindOf(*object);
  if (kind != route.kind)
    return BadRequest(fmt::format("the body is of kind {}, the path of kind {}",
                                  kind == nullptr ? "" : kind->name, route.kind->name));
  v1::ObjectMeta* meta = schema::MutableMeta(object);
  if (meta->namespace_().empty()) meta->set_namespace_(route.ns);
  if (meta->namespace_() != route.ns)
    return BadRequest(
        "the namespace of the provided object does not match the namespace sent on "
        "the request");
  if (route.name.empty()) return absl::OkStatus();
  if (meta->name().empty()) meta->set_name(route.name);
  if (meta->name() == route.name) return absl::OkStatus();
  return BadRequest(
      fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                  meta->name(), route.name));
}

absl::Status SetPropagation(std::string_view policy, v1::DeleteRequest* request) {
  if (policy == "Background" || policy.empty()) {
    request->set_propagation(v1::BACKGROUND);
  } else if (policy == "Foreground") {
    request->set_propagation(v1::FOREGROUND);
  } else if (policy == "Orphan") {
    request->set_propagation(v1::ORPHAN);
  } else {
    return InvalidArgument(
        "propagationPolicy: must be one of Background, Foreground, Orphan, got \"{}\"", policy);
  }
  return absl::OkStatus();
}

std::string TextAt(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::Status ReadDeleteOptions(std::string_view body, v1::DeleteRequest* request) {
  ASSIGN_OR_RETURN(const Json json, ParseJsonBody(body));
  if (!json.is_object()) return BadRequest("the body is no DeleteOptions in JSON");
  if (const std::string policy = TextAt(json, "propagationPolicy"); !policy.empty())
    RETURN_IF_ERROR(SetPropagation(policy, request));
  if (const auto orphan = json.find("orphanDependents"); orphan != json.end() && *orphan == true)
    request->set_propagation(v1::ORPHAN);
  if (const auto conditions = json.find("preconditions");
      conditions != json.end() && conditions->is_object()) {
    request->set_uid(TextAt(*conditions, "uid"));
    request->set_resource_version(TextAt(*conditions, "resourceVersion"));
  }
  const auto dry_run = json.find("dryRun");
  if (dry_run == json.end() || dry_run->is_null() || dry_run->empty()) return absl::OkStatus();
  if (*dry_run != Json::array({"All"})) return InvalidArgument("dryRun: must be [\"All\"]");
  request->set_dry_run(true);
  return absl::OkStatus();
}

absl::Status ManagedFieldsError() { return BadRequest("metadata.managedFields must be nil"); }

// What a manifest leaves out, because people do not write it.
absl::StatusOr<v1::ApplyRequest> ApplyOfStatus(const Route& route, std::string_view json) {
  if (!json.starts_with('{')) return BadRequest("a status is applied as JSON");
  std::vector<FieldPath> mentioned;
  ASSIGN_OR_RETURN(v1::Object object, FromJsonBody(route, json, &mentioned));
  RETURN_IF_ERROR(Place(route, &object));
  const FieldPath status = FieldPath().Child("status");
  v1::ApplyRequest request;
  request.add_mentioned()->add_paths(status.ToString());
  for (const FieldPath& path : mentioned) {
    if (path.StartsWith(status)) request.mutable_mentioned(0)->add_paths(path.ToString());
  }
  *request.add_objects() = std::move(object);
  return request;
}

}  // namespace

absl::StatusOr<BodyForm> FormOf(std::string_view accept, const Query& query, absl::Time now) {
  BodyForm form;
  form.now = now;
  ASSIGN_OR_RETURN(form.accepted, ParseAccept(accept));
  if (!ParseInclude(Param(query, "includeObject"), &form.include))
    return BadRequest("includeObject: must be None, Metadata or Object");
  return form;
}

std::string ObjectBody(const Route& route, const BodyForm& form, const v1::Object& object) {
  switch (form.accepted.form) {
    case Form::kTable:
      return TableOf(route, form, {&object}, schema::Meta(object).resource_version(), "");
    case Form::kPartial:
      return OfVersion(form, schema::ToKubePartialJson(object));
    case Form::kObject:
      return Plain(route, object);
  }
  return "";
}

std::string ListOpening(const Route& route, const BodyForm& form) {
  const bool partial = form.accepted.form == Form::kPartial;
  const std::string kind = partial ? "PartialObjectMetadataList" : route.kind->name + "List";
  const std::string_view version =
      partial ? "meta.k8s.io/v1" : (route.core ? kVersionName : schema::kApiVersion);
  return OfVersion(form,
                   fmt::format(R"({{"kind":"{}","apiVersion":"{}","items":[)", kind, version));
}

std::string ListClosing(const v1::ListSummary& summary, std::optional<int64_t> remaining) {
  Json metadata = {{"resourceVersion", fmt::format("{}", summary.revision())}};
  if (!summary.continue_().empty()) metadata["continue"] = summary.continue_();
  if (remaining.has_value()) metadata["remainingItemCount"] = *remaining;
  return fmt::format("],\"metadata\":{}}}", metadata.dump());
}

std::string TableBody(const Route& route, const BodyForm& form,
                      const std::vector<v1::Object>& objects, const v1::ListSummary& summary) {
  std::vector<const google::protobuf::Message*> rows;
  for (const v1::Object& object : objects) rows.push_back(&object);
  return TableOf(route, form, rows, fmt::format("{}", summary.revision()), summary.continue_());
}

absl::Status DocumentError(const absl::Status& status) {
  constexpr std::string_view kUnknown = "unknown field ";
  std::vector<std::string> lines;
  bool unknown = true, garbage = false;
  for (const std::string& line : Split(reeve::Message(status), '\n')) {
    // "body:3:7: " is a place in a text that nobody sees.
    std::string_view text = line;
    if (text.starts_with("body:")) text = text.substr(std::min(text.find(": ") + 2, text.size()));
    unknown = unknown && text.starts_with(kUnknown);
    garbage = garbage || text.find("not JSON") != std::string_view::npos;
    lines.emplace_back(text);
  }
  if (garbage) return BadRequest(Join(lines, ", "));
  if (unknown) return BadRequest("strict decoding error: " + Join(lines, ", "));
  return InvalidArgument("{}", Join(lines, "\n"));
}

absl::StatusOr<v1::Object> ObjectFromBody(const Route& route, std::string_view content_type,
                                          std::string_view body) {
  v1::Object object;
  const std::string_view type = MediaType(content_type);
  if (IsYaml(content_type)) {
    ASSIGN_OR_RETURN(schema::Manifest manifest, ManifestOf(body));
    object = std::move(manifest.object);
  } else if (type.empty() || type == kJsonContent) {
    ASSIGN_OR_RETURN(object, FromJsonBody(route, body));
  } else {
    return Unsupported(content_type);
  }
  RETURN_IF_ERROR(Place(route, &object));
  return object;
}

std::string NameInBody(std::string_view body) {
  const Json json = ParseJsonBody(body).value_or(Json());
  const auto metadata = json.is_object() ? json.find("metadata") : json.end();
  return metadata != json.end() && metadata->is_object() ? TextAt(*metadata, "name") : "";
}

absl::StatusOr<v1::ApplyRequest> ApplyFromBody(const Route& route, std::string_view body) {
  // JSON is YAML, but for what clients leave in it without meaning it.
  std::string cleaned, resource_version, uid;
  ASSIGN_OR_RETURN(Json json, ParseJsonBody(body));
  if (json.is_object()) {
    Complete(route, &json);
    Json merged = Json::object();  // A merge patch leaves null members out.
    merged.merge_patch(json);
    cleaned = merged.dump(-1, ' ', false, Json::error_handler_t::replace);
    body = cleaned;
    if (const auto metadata = merged.find("metadata");
        metadata != merged.end() && metadata->is_object()) {
      resource_version = TextAt(*metadata, "resourceVersion");
      uid = TextAt(*metadata, "uid");
      if (metadata->contains("managedFields")) return ManagedFieldsError();
    }
  }
  if (route.subresource == "status") return ApplyOfStatus(route, body);
  ASSIGN_OR_RETURN(schema::Manifest manifest, ManifestOf(body));
  RETURN_IF_ERROR(Place(route, &manifest.object));
  v1::ApplyRequest request;
  v1::FieldSet* mentioned = request.add_mentioned();
  for (const auto& [path, position] : manifest.positions) {
    if (!path.empty()) mentioned->add_paths(path.ToString());
  }
  if (manifest.positions.contains(FieldPath().Child("metadata").Child("managedFields")))
    return ManagedFieldsError();
  // A manifest does not keep them: they are the server's. Who says them means the object as it was
  // then, and no other.
  schema::MutableMeta(&manifest.object)->set_resource_version(resource_version);
  schema::MutableMeta(&manifest.object)->set_uid(uid);
  *request.add_objects() = std::move(manifest.object);
  return request;
}

absl::StatusOr<v1::DeleteRequest> DeleteFromBody(const Route& route, const Query& query,
                                                 std::string_view body) {
  v1::DeleteRequest request;
  request.mutable_key()->set_kind(route.kind->name);
  request.mutable_key()->set_namespace_(route.ns);
  request.mutable_key()->set_name(route.name);
  RETURN_IF_ERROR(SetPropagation(Param(query, "propagationPolicy"), &request));
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(query));
  request.set_dry_run(dry_run);
  if (!Trim(body).empty()) RETURN_IF_ERROR(ReadDeleteOptions(body, &request));
  return request;
}

absl::StatusOr<bool> DryRunOf(const Query& query) {
  const std::string_view value = Param(query, "dryRun");
  if (value.empty()) return false;
  if (value == "All") return true;
  return InvalidArgument("dryRun: Invalid value: \"{}\": must be All", value);
}

}  // namespace reeve::apiserver
