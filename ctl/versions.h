// Earlier versions of one object as people think of them: what each changed, and which ones are of
// interest. Pure, but for the request.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/field_path.h"
#include "base/names.h"
#include "ctl/session.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::ctl {

using Versions = google::protobuf::RepeatedPtrField<v1::ObjectVersion>;  // The newest first.

// All that the server keeps; `limit` 0: no bound but its own.
absl::StatusOr<Versions> GetVersions(Session& session, const ObjectKey& key, int limit = 0);

// What one version did.
struct Change {
  enum class Kind {
    kCreated,
    kDeleted,
    kChanged,  // `paths`, sorted.
    kStatus,   // Likewise, and all of them in status; or only the field managers.
    kUnknown,  // The version before it is no longer kept.
  };
  Kind kind = Kind::kUnknown;
  std::vector<FieldPath> paths;
};
// `older` is the version before `version`, or null when there is none among those kept.
Change ChangeOf(const v1::ObjectVersion& version, const v1::ObjectVersion* older);
// "created", "spec.replicas, spec.domains[x], 3 more".
std::string ChangeText(const Change& change);

// Whether both are of one object, not of one that was made again under its name.
bool SameLife(const v1::ObjectVersion& a, const v1::ObjectVersion& b);

// "5m", or <unknown>.
std::string AgeOf(const v1::ObjectVersion& version, absl::Time now);

// When is meant: a revision, a time (RFC 3339, or a date) or a span before now (1h, 2d). Sets one
// of the request's fields. INVALID_ARGUMENT names `flag`.
absl::Status ParseMoment(std::string_view text, std::string_view flag, absl::Time now,
                         v1::GetRequest* request);

// The object as it was then. The errors of client::Past::GetAt.
absl::StatusOr<v1::Object> GetAt(Session& session, const ObjectKey& key, std::string_view moment,
                                 std::string_view flag);

void SetKey(const ObjectKey& key, v1::Key* out);

}  // namespace reeve::ctl
