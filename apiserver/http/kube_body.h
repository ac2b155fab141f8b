// Bodies in Kubernetes' dialect: objects and lists out, objects and options in. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/http/negotiation.h"
#include "apiserver/http/route.h"
#include "apiserver/http/table.h"
#include "proto/schema/object.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::apiserver {

// How one request wants objects.
struct BodyForm {
  Accepted accepted;
  TableOptions::Include include = TableOptions::Include::kMetadata;
  bool headers = true;  // Of a Table.
  absl::Time now;
};
// By the Accept header and the query's includeObject.
absl::StatusOr<BodyForm> FormOf(std::string_view accept, const Query& query, absl::Time now);

// One object, as `route` names its group.
std::string ObjectBody(const Route& route, const BodyForm& form, const v1::Object& object);
// SiteList, or a PartialObjectMetadataList: what comes before its first object, and after its last
// one. `remaining` is how many follow a page, where that is known.
std::string ListOpening(const Route& route, const BodyForm& form);
std::string ListClosing(const v1::ListSummary& summary, std::optional<int64_t> remaining);
// As a Table. REQUIRES: `form` is one.
std::string TableBody(const Route& route, const BodyForm& form,
                      const std::vector<v1::Object>& objects, const v1::ListSummary& summary);

// The object that a create or an update brings, its namespace and name filled in from the path.
// BadRequest: no JSON or YAML, unknown fields, or a name that is not the path's; INVALID_ARGUMENT,
// a line each: values that are none of their fields.
absl::StatusOr<v1::Object> ObjectFromBody(const Route& route, std::string_view content_type,
                                          std::string_view body);
// metadata.name of a body in JSON that may be wrong otherwise; "" when it has none.
std::string NameInBody(std::string_view body);
// What a server-side apply brings: one object, and which fields it mentions.
absl::StatusOr<v1::ApplyRequest> ApplyFromBody(const Route& route, std::string_view body);
// Errors of reading a document, in the form that ObjectFromBody gives them.
absl::Status DocumentError(const absl::Status& status);

// From a body of DeleteOptions, which may be empty, and the query.
absl::StatusOr<v1::DeleteRequest> DeleteFromBody(const Route& route, const Query& query,
                                                 std::string_view body);

// dryRun=All. INVALID_ARGUMENT for another value.
absl::StatusOr<bool> DryRunOf(const Query& query);

}  // namespace reeve::apiserver
