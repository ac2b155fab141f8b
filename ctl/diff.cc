// ctl diff: what an apply would change, or what has changed between two moments.
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "ctl/difference.h"
#include "ctl/errors.h"
#include "ctl/manifests.h"
#include "ctl/selection.h"
#include "ctl/verbs.h"
#include "ctl/versions.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

absl::Status AddText(const absl::StatusOr<v1::Object>& object, Texts* texts) {
  if (absl::IsNotFound(object.status())) return absl::OkStatus();
  RETURN_IF_ERROR(object.status());
  texts->emplace(FileNameOf(*object), ComparableYaml(*object));
  return absl::OkStatus();
}

absl::Status DiffManifests(Session& session) {
  ASSIGN_OR_RETURN(const std::vector<schema::Manifest> manifests, ReadManifests(session));
  if (manifests.empty()) return InvalidArgument("no objects passed to diff");
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  Texts live, merged;
  const size_t most = kApplyObjectsMax;
  for (size_t i = 0; i < manifests.size(); i += most) {
    const std::vector<schema::Manifest> batch(
        manifests.begin() + static_cast<std::ptrdiff_t>(i),
        manifests.begin() + static_cast<std::ptrdiff_t>(std::min(i + most, manifests.size())));
    const absl::StatusOr<v1::ApplyResponse> response =
        FromServer(api->Apply(ApplyRequestFor(session, batch, /*dry_run=*/true)));
    if (!response.ok()) return Located(response.status(), batch);
    for (const v1::ApplyResult& result : response->results()) {
      RETURN_IF_ERROR(AddText(result.object(), &merged));
      RETURN_IF_ERROR(AddText(FromServer(api->Get(schema::KeyOf(result.object()))), &live));
    }
  }
  return PrintDifferences(session, "LIVE", live, "MERGED", merged);
}

absl::StatusOr<v1::Object> GetThen(Session& session, const ObjectKey& key, std::string_view flag) {
  const std::string moment = session.flags().Text(flag);
  if (!moment.empty()) return GetAt(session, key, moment, flag);
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  return FromServer(api->Get(key));
}

absl::Status DiffMoments(Session& session) {
  ASSIGN_OR_RETURN(const One one, ParseOne(session.args(), "diff"));
  const ObjectKey key = session.KeyFor(*one.kind, one.name);
  const absl::StatusOr<v1::Object> from = GetThen(session, key, "from");
  const absl::StatusOr<v1::Object> to = GetThen(session, key, "to");
  // There at one end only: it was made or deleted between. At neither: there is nothing to compare.
  if (!from.ok() && !to.ok()) return from.status();
  Texts before, after;
  RETURN_IF_ERROR(AddText(from, &before));
  RETURN_IF_ERROR(AddText(to, &after));
  return PrintDifferences(session, "FROM", before, "TO", after);
}

}  // namespace

absl::Status RunDiff(Session& session) {
  const bool files = !session.flags().Texts("filename").empty();
  const bool from = !session.flags().Text("from").empty();
  if (files && (from || !session.args().empty()))
    return InvalidArgument("-f compares manifests, --from and --to one object: not both at once");
  if (files) return DiffManifests(session);
  if (!from) return InvalidArgument("must specify -f FILENAME, or KIND/NAME --from REV");
  return DiffMoments(session);
}

}  // namespace reeve::ctl
