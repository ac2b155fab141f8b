#include "apiserver/list_cursor.h"

#include <fmt/format.h>

#include "apiserver/keys.h"
#include "base/status.h"

namespace reeve::apiserver {

// Only a selector has to look inside.
absl::StatusOr<bool> ListCursor::Matches(const store::Version& version) const {
  if (options_.matcher.MatchesAll()) return true;
  ASSIGN_OR_RETURN(const ObjectPtr object, DecodeFromStore(*options_.kinds, version));
  return options_.matcher.Matches(*object);
}

absl::StatusOr<bool> ListCursor::Next(const std::function<bool(const store::Version&)>& visit) {
  if (next_.empty()) {
    const std::string& after = options_.token.after;
    next_ = after.empty() ? options_.candidates.range.first : after + '\0';
  }
  absl::Status status;
  bool enough = false;
  const auto take = [&](const store::Version& version) {
    const absl::StatusOr<bool> matches = Matches(version);
    status = matches.status();
    if (!status.ok()) return false;
    if (!*matches) return true;
    more_ = options_.limit > 0 && hash_.count() == options_.limit;
    if (more_) return false;
    last_ = version.key;
    hash_.Add(NamespaceOfObjectKey(version.key), NameOfObjectKey(version.key),
              fmt::format_int(version.modified).str());
    enough = !visit(version);
    return !enough;
  };
  RETURN_IF_ERROR(options_.candidates.Visit(next_, take));
  RETURN_IF_ERROR(status);
  if (enough) next_ = last_ + '\0';
  return !enough;
}

v1::ListSummary ListCursor::Summary() const {
  v1::ListSummary summary;
  const Revision revision = options_.candidates.view->revision();
  summary.set_revision(revision);
  summary.set_epoch(options_.epoch);
  summary.set_count(hash_.count());
  summary.set_hash(hash_.Digest());
  if (more_) summary.set_continue_(FormatListToken({revision, last_}));
  return summary;
}

}  // namespace reeve::apiserver
