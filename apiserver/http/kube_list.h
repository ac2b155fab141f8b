// A list as Kubernetes sends it, some objects at a time: what a client reads slowly, or a hundred
// thousand objects, are never in memory at once. A list that ends within its first piece is a plain
// answer. Tables are not among them: the width of a column is not known before its last row.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>

#include "apiserver/http/http_message.h"
#include "apiserver/http/kube_body.h"
#include "apiserver/list_cursor.h"

namespace reeve::apiserver {

struct KubeListOptions {
  Route route;
  BodyForm form;  // REQUIRES: no Table.
  std::unique_ptr<ListCursor> cursor;
  std::function<bool(const v1::Object&)> wanted;  // Null: all.
  // Of what follows a page; asked once. Null: not said.
  std::function<std::optional<int64_t>(const v1::ListSummary&)> remaining;
};

// The errors of ListCursor::Next. One that comes when the answer has begun cuts it off: half a list
// is no JSON.
absl::StatusOr<HttpResponse> ListResponse(KubeListOptions options);

}  // namespace reeve::apiserver
