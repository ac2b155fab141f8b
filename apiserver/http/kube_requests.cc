// What the verbs of KubeHandler do.
#include <absl/strings/numbers.h>

#include <limits>
#include <map>
#include <utility>

#include "apiserver/http/core_event.h"
#include "apiserver/http/kube_handler.h"
#include "apiserver/http/kube_list.h"
#include "apiserver/http/kube_status.h"
#include "apiserver/http/kube_watch.h"
#include "apiserver/http/scale.h"
#include "apiserver/keys.h"
#include "apiserver/list_token.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {
namespace {

using Type = Route::Type;

HttpResponse Answer(int code, std::string body) {
  HttpResponse response;
  response.code = code;
  response.body = std::move(body);
  return response;
}

// A whole number that is not negative; 0 when it is not there.
absl::StatusOr<int64_t> NumberParam(const Query& query, std::string_view name) {
  const std::string_view text = Param(query, name);
  int64_t number = 0;
  if (text.empty()) return number;
  if (!absl::SimpleAtoi(ToAbsl(text), &number) || number < 0)
    return BadRequest(fmt::format("{}: Invalid value: \"{}\": must be a number", name, text));
  return number;
}

bool OwnSelection(const Route& route) { return route.core && route.kind->plural == "events"; }

v1::Selector SelectorOf(const Route& route, const Query& query) {
  v1::Selector selector;
  selector.set_kind(route.kind->name);
  selector.set_namespace_(route.ns);
  selector.set_labels(std::string(Param(query, "labelSelector")));
  // Core's fields are not ours.
  std::string fields = OwnSelection(route) ? "" : std::string(Param(query, "fieldSelector"));
  if (!route.name.empty())
    fields += fmt::format("{}metadata.name={}", fields.empty() ? "" : ",", route.name);
  selector.set_fields(fields);
  return selector;
}

v1::Key KeyOf(const Route& route) {
  v1::Key key;
  key.set_kind(route.kind->name);
  key.set_namespace_(route.ns);
  key.set_name(route.name);
  return key;
}

// Kubernetes' default: what the program calls itself.
std::string ManagerOf(const HttpRequest& request, const Query& query) {
  const std::string_view given = Param(query, "fieldManager");
  if (!given.empty()) return std::string(given);
  return request.user_agent.substr(0, request.user_agent.find('/'));
}

absl::StatusOr<v1::PatchRequest::Type> PatchTypeOf(std::string_view content_type) {
  const std::string_view type = MediaType(content_type);
  if (type == "application/merge-patch+json") return v1::PatchRequest::MERGE;
  if (type == "application/json-patch+json") return v1::PatchRequest::JSON;
  if (type == "application/strategic-merge-patch+json") return v1::PatchRequest::STRATEGIC;
  return WithKubeError(
      InvalidArgument("the body of the request was in an unknown format: {}; accepted media types "
                      "include: application/json-patch+json, application/merge-patch+json, "
                      "application/strategic-merge-patch+json, application/apply-patch+yaml",
                      content_type),
      KubeError::kUnsupportedMedia);
}

// What is wrong with the document that the patch makes reads like what is wrong with a body.
absl::Status PatchError(const absl::Status& status) {
  const bool document = absl::IsInvalidArgument(status) && schema::ViolationsOf(status).empty();
  return document ? DocumentError(status) : status;
}

// Selectors and tokens come in the query: what is wrong with them is no object's fault.
absl::Status QueryError(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? WithKubeError(status, KubeError::kBadRequest) : status;
}

// As in Kubernetes (ValidateListOptions).
absl::Status CheckMatch(const Query& query) {
  const std::string_view match = Param(query, "resourceVersionMatch");
  if (match.empty()) return absl::OkStatus();
  if (match != "Exact" && match != "NotOlderThan")
    return InvalidArgument(
        "resourceVersionMatch: Unsupported value: \"{}\": supported values: \"Exact\", "
        "\"NotOlderThan\"",
        match);
  if (!Param(query, "continue").empty())
    return InvalidArgument(
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is "
        "provided");
  return absl::OkStatus();
}

// What a list without a limit and a token begins with, when a revision must be met exactly.
absl::Status SetExact(const Route& route, int64_t revision, v1::ListRequest* request) {
  if (revision == 0)
    return BadRequest("resourceVersionMatch: Exact is forbidden for resourceVersion 0");
  const KeyRange range = ObjectRange(*route.kind, route.kind->namespaced() ? route.ns : "");
  request->set_continue_(FormatListToken({revision, range.first}));
  return absl::OkStatus();
}

absl::StatusOr<v1::ListRequest> ListRequestOf(const Route& route, const Query& query) {
  RETURN_IF_ERROR(CheckMatch(query));
  v1::ListRequest request;
  *request.mutable_selector() = SelectorOf(route, query);
  ASSIGN_OR_RETURN(const int64_t limit, NumberParam(query, "limit"));
  request.set_limit(
      static_cast<int32_t>(std::min<int64_t>(limit, std::numeric_limits<int32_t>::max())));
  request.set_continue_(std::string(Param(query, "continue")));
  ASSIGN_OR_RETURN(const int64_t revision, NumberParam(query, "resourceVersion"));
  if (!request.continue_().empty() && revision != 0)
    return BadRequest("resourceVersion: must not be set together with continue");
  if (Param(query, "resourceVersionMatch") == "Exact")
    RETURN_IF_ERROR(SetExact(route, revision, &request));
  return request;
}

// How many objects follow a page; nullopt when there are too many to count for each page.
std::optional<int64_t> CountRemaining(Api* api, const Identity& who, v1::ListRequest request,
                                      const v1::ListSummary& page) {
  request.set_continue_(page.continue_());
  request.set_limit(0);
  const absl::StatusOr<std::unique_ptr<ListCursor>> rest = api->OpenList(who, request);
  if (!rest.ok()) return std::nullopt;
  int64_t count = 0;
  const absl::StatusOr<bool> end =
      (*rest)->Next([&](const store::Version&) { return ++count <= kRemainingItemsMax; });
  return end.ok() && *end ? std::optional<int64_t>(count) : std::nullopt;
}

// An object that is gone as Kubernetes confirms it.
std::string GoneBody(const Route& route, const v1::Object& object) {
  return fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Success",)"
                     R"("details":{{"name":"{}","group":"{}","kind":"{}","uid":"{}"}}}})"
                     "\n",
                     route.name, route.core ? "" : kGroupName, route.kind->plural,
                     schema::Meta(object).uid());
}

absl::StatusOr<v1::WatchRequest> WatchRequestOf(const Route& route, const Query& query,
                                                int64_t present) {
  RETURN_IF_ERROR(CheckMatch(query));
  v1::WatchRequest request;
  *request.mutable_selector() = SelectorOf(route, query);
  ASSIGN_OR_RETURN(const int64_t revision, NumberParam(query, "resourceVersion"));
  const bool initial = BoolParam(query, "sendInitialEvents");
  if (query.contains("sendInitialEvents") &&
      Param(query, "resourceVersionMatch") != "NotOlderThan") {
    return InvalidArgument(
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch "
        "to NotOlderThan");
  }
  if (initial || (revision == 0 && !query.contains("sendInitialEvents"))) {
    request.set_send_initial_events(true);
  } else {
    request.set_revision(revision == 0 ? present : revision);
  }
  return request;
}

}  // namespace

absl::Status KubeHandler::CheckRevision(const Query& query) const {
  ASSIGN_OR_RETURN(const int64_t revision, NumberParam(query, "resourceVersion"));
  const int64_t present = options_.api->Version().revision();
  if (revision <= present) return absl::OkStatus();
  return WithKubeError(
      DeadlineExceeded("Too large resource version: {}, current: {}", revision, present),
      KubeError::kRevisionTooLarge);
}

absl::StatusOr<v1::Object> KubeHandler::Find(const Call& call) {
  v1::GetRequest request;
  *request.mutable_key() = KeyOf(call.route);
  return options_.api->Get(call.who, request);
}

absl::StatusOr<HttpResponse> KubeHandler::Get(const Call& call) {
  RETURN_IF_ERROR(CheckRevision(call.query));
  ASSIGN_OR_RETURN(const v1::Object object, Find(call));
  return Answer(200, ObjectBody(call.route, call.form, object));
}

absl::StatusOr<HttpResponse> KubeHandler::List(const Call& call) {
  RETURN_IF_ERROR(CheckRevision(call.query));
  ASSIGN_OR_RETURN(const v1::ListRequest request, ListRequestOf(call.route, call.query));
  CoreEventSelector own;
  if (OwnSelection(call.route)) {
    ASSIGN_OR_RETURN(own, CoreEventSelector::Parse(Param(call.query, "fieldSelector")));
  }
  const auto wanted = [own, all = !OwnSelection(call.route)](const v1::Object& object) {
    return all || own.Matches(object);
  };
  if (call.form.accepted.form == Accepted::Form::kTable) return Table(call, request, wanted);
  KubeListOptions list{.route = call.route, .form = call.form, .wanted = wanted};
  absl::StatusOr<std::unique_ptr<ListCursor>> cursor = options_.api->OpenList(call.who, request);
  if (!cursor.ok()) return QueryError(cursor.status());
  list.cursor = *std::move(cursor);
  // As in Kubernetes: with a selector nobody knows.
  const v1::Selector& selector = request.selector();
  if (selector.labels().empty() && selector.fields().empty() && !OwnSelection(call.route)) {
    list.remaining = [api = options_.api, who = call.who, request](const v1::ListSummary& page) {
      return CountRemaining(api, who, request, page);
    };
  }
  return ListResponse(std::move(list));
}

absl::StatusOr<HttpResponse> KubeHandler::Table(
    const Call& call, const v1::ListRequest& request,
    const std::function<bool(const v1::Object&)>& wanted) {
  std::vector<v1::Object> objects;
  const auto summary = options_.api->List(call.who, request, [&](v1::Object object) {
    if (wanted(object)) objects.push_back(std::move(object));
  });
  if (!summary.ok()) return QueryError(summary.status());
  return Answer(200, TableBody(call.route, call.form, objects, *summary));
}

absl::StatusOr<HttpResponse> KubeHandler::Watch(const Call& call, std::function<void()> wake) {
  if (OwnSelection(call.route) && call.query.contains("fieldSelector"))
    return BadRequest("fieldSelector: watches of events cannot be restricted by it");
  ASSIGN_OR_RETURN(const v1::WatchRequest request,
                   WatchRequestOf(call.route, call.query, options_.api->Version().revision()));
  ASSIGN_OR_RETURN(const int64_t seconds, NumberParam(call.query, "timeoutSeconds"));
  absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      options_.api->Watch(call.who, request, std::move(wake));
  if (!subscription.ok()) return QueryError(subscription.status());
  const bool bookmarks = BoolParam(call.query, "allowWatchBookmarks");
  HttpResponse response;
  response.stream =
      NewKubeWatch({.route = call.route,
                    .form = call.form,
                    .bookmarks = bookmarks,
                    .mark_initial = bookmarks && BoolParam(call.query, "sendInitialEvents")},
                   *std::move(subscription));
  response.stream_max = kHttpWatchMax;
  if (seconds > 0) response.stream_max = std::min(response.stream_max, absl::Seconds(seconds));
  return response;
}

absl::StatusOr<HttpResponse> KubeHandler::Create(Call* call) {
  v1::CreateRequest request;
  absl::StatusOr<v1::Object> body =
      ObjectFromBody(call->route, call->http.content_type, call->http.body);
  // Errors name the object that the client meant.
  call->route.name = body.ok() ? schema::Meta(*body).name() : NameInBody(call->http.body);
  RETURN_IF_ERROR(body.status());
  if (!schema::Meta(*body).resource_version().empty())
    return BadRequest("resourceVersion should not be set on objects to be created");
  *request.mutable_object() = *std::move(body);
  request.set_field_manager(ManagerOf(call->http, call->query));
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(call->query));
  request.set_dry_run(dry_run);
  ASSIGN_OR_RETURN(const v1::Object object, options_.api->Create(call->who, request));
  return Answer(201, ObjectBody(call->route, call->form, object));
}

absl::StatusOr<HttpResponse> KubeHandler::Update(const Call& call) {
  v1::UpdateRequest request;
  ASSIGN_OR_RETURN(*request.mutable_object(),
                   ObjectFromBody(call.route, call.http.content_type, call.http.body));
  request.set_field_manager(ManagerOf(call.http, call.query));
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(call.query));
  request.set_dry_run(dry_run);
  const bool status = call.route.subresource == "status";
  ASSIGN_OR_RETURN(const v1::Object object, status ? options_.api->UpdateStatus(call.who, request)
                                                   : options_.api->Update(call.who, request));
  return Answer(200, ObjectBody(call.route, call.form, object));
}

absl::StatusOr<HttpResponse> KubeHandler::Patch(const Call& call) {
  if (MediaType(call.http.content_type) == "application/apply-patch+yaml") return Apply(call);
  if (call.http.body.size() > kPatchBytesMax)
    return WithKubeError(InvalidArgument("a patch may have at most {} bytes", kPatchBytesMax),
                         KubeError::kTooLarge);
  v1::PatchRequest request;
  *request.mutable_key() = KeyOf(call.route);
  ASSIGN_OR_RETURN(const v1::PatchRequest::Type type, PatchTypeOf(call.http.content_type));
  request.set_type(type);
  request.set_document(call.http.body);
  request.set_field_manager(ManagerOf(call.http, call.query));
  request.set_status(call.route.subresource == "status");
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(call.query));
  request.set_dry_run(dry_run);
  const absl::StatusOr<v1::Object> object = options_.api->Patch(call.who, request);
  if (!object.ok()) return PatchError(object.status());
  return Answer(200, ObjectBody(call.route, call.form, *object));
}

absl::StatusOr<HttpResponse> KubeHandler::Apply(const Call& call) {
  if (Param(call.query, "fieldManager").empty())
    return InvalidArgument("fieldManager: Required value: is required for apply patch");
  ASSIGN_OR_RETURN(v1::ApplyRequest request, ApplyFromBody(call.route, call.http.body));
  request.set_field_manager(std::string(Param(call.query, "fieldManager")));
  request.set_force(BoolParam(call.query, "force"));
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(call.query));
  request.set_dry_run(dry_run);
  const bool status = call.route.subresource == "status";
  ASSIGN_OR_RETURN(const v1::ApplyResponse response,
                   status ? options_.api->ApplyStatus(call.who, request)
                          : options_.api->Apply(call.who, request));
  const v1::ApplyResult& result = response.results(0);
  return Answer(result.action() == v1::ApplyResult::CREATED ? 201 : 200,
                ObjectBody(call.route, call.form, result.object()));
}

absl::StatusOr<HttpResponse> KubeHandler::Delete(const Call& call) {
  ASSIGN_OR_RETURN(const v1::DeleteRequest request,
                   DeleteFromBody(call.route, call.query, call.http.body));
  ASSIGN_OR_RETURN(const v1::DeleteResponse response, options_.api->Delete(call.who, request));
  if (response.gone()) return Answer(200, GoneBody(call.route, response.object()));
  return Answer(200, ObjectBody(call.route, call.form, response.object()));
}

absl::StatusOr<HttpResponse> KubeHandler::DeleteCollection(const Call& call) {
  ASSIGN_OR_RETURN(v1::DeleteRequest request,
                   DeleteFromBody(call.route, call.query, call.http.body));
  v1::ListRequest list;
  *list.mutable_selector() = SelectorOf(call.route, call.query);
  std::vector<v1::Key> keys;
  const auto found = options_.api->List(call.who, list, [&](const v1::Object& object) {
    v1::Key key = KeyOf(call.route);
    key.set_namespace_(schema::Meta(object).namespace_());
    key.set_name(schema::Meta(object).name());
    keys.push_back(std::move(key));
  });
  RETURN_IF_ERROR(QueryError(found.status()));
  // All or nothing, as far as the budget goes.
  if (!request.dry_run()) {
    std::map<std::string, size_t> counts;
    for (const v1::Key& key : keys) ++counts[key.namespace_()];
    for (const auto& [ns, count] : counts)
      RETURN_IF_ERROR(options_.api->CheckMassDeletion(call.who, call.route.kind->name, ns, count));
  }
  for (const v1::Key& key : keys) {
    *request.mutable_key() = key;
    const absl::Status status = options_.api->Delete(call.who, request).status();
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  return Answer(200,
                "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                "\"status\":\"Success\"}\n");
}

absl::StatusOr<HttpResponse> KubeHandler::OnScale(Call* call) {
  const std::string& method = call->http.method;
  if (method == "GET") {
    ASSIGN_OR_RETURN(const v1::Object object, Find(*call));
    return Answer(200, ScaleJson(object));
  }
  if (method != "PUT" && method != "PATCH")
    return WithKubeError(InvalidArgument("{} is not supported on a scale", method),
                         KubeError::kMethodNotAllowed);
  v1::PatchRequest request;
  *request.mutable_key() = KeyOf(call->route);
  request.set_type(v1::PatchRequest::MERGE);
  ASSIGN_OR_RETURN(const std::string document,
                   ScalePatch(MediaType(call->http.content_type), call->http.body));
  request.set_document(document);
  request.set_field_manager(ManagerOf(call->http, call->query));
  ASSIGN_OR_RETURN(const bool dry_run, DryRunOf(call->query));
  request.set_dry_run(dry_run);
  ASSIGN_OR_RETURN(const v1::Object object, options_.api->Patch(call->who, request));
  return Answer(200, ScaleJson(object));
}

}  // namespace reeve::apiserver
