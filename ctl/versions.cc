#include "ctl/versions.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "base/status.h"
#include "base/strings.h"
#include "client/timestamps.h"
#include "ctl/errors.h"
#include "proto/schema/age.h"
#include "proto/schema/object.h"

namespace reeve::ctl {
namespace {

constexpr size_t kPathsShown = 3;

// What every write changes, or nobody decides.
bool IsBookkeeping(const FieldPath& path) {
  static const std::set<std::string> names = {"resourceVersion", "generation", "managedFields"};
  if (path.steps().size() < 2 || path.steps()[0] != FieldPath::Step(FieldPath::Field{"metadata"}))
    return false;
  const auto* field = std::get_if<FieldPath::Field>(&path.steps()[1]);
  return field != nullptr && names.contains(field->name);
}

// By what it says of itself: it is the first of its generation, written when it was created.
bool LooksCreated(const v1::ObjectVersion& version) {
  const v1::ObjectMeta& meta = schema::Meta(version.object());
  return meta.generation() == 1 && meta.creation_timestamp().seconds() == version.time().seconds();
}

std::optional<int64_t> ParseRevision(std::string_view text) {
  int64_t revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && revision > 0 ? std::optional<int64_t>(revision) : std::nullopt;
}

// As absl has them, but always with a unit, and in days.
std::optional<absl::Duration> ParseSpan(std::string_view text) {
  absl::Duration span;
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text.back()))) return std::nullopt;
  if (absl::ParseDuration(ToAbsl(text), &span) && span >= absl::ZeroDuration()) return span;
  if (!text.ends_with('d')) return std::nullopt;
  const std::optional<int64_t> days = ParseRevision(text.substr(0, text.size() - 1));
  return days ? std::optional(absl::Hours(24 * *days)) : std::nullopt;
}

std::optional<absl::Time> ParseTime(std::string_view text) {
  absl::Time time;
  for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, ToAbsl(text), absl::UTCTimeZone(), &time, nullptr)) return time;
  }
  return std::nullopt;
}

}  // namespace

void SetKey(const ObjectKey& key, v1::Key* out) {
  out->set_kind(key.kind);
  out->set_namespace_(key.ns);
  out->set_name(key.name);
}

absl::StatusOr<Versions> GetVersions(Session& session, const ObjectKey& key, int limit) {
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  v1::HistoryRequest request;
  SetKey(key, request.mutable_key());
  request.set_limit(limit);
  ASSIGN_OR_RETURN(v1::HistoryResponse response, FromServer(api->History(request)));
  return std::move(*response.mutable_versions());
}

bool SameLife(const v1::ObjectVersion& a, const v1::ObjectVersion& b) {
  return schema::Meta(a.object()).uid() == schema::Meta(b.object()).uid();
}

Change ChangeOf(const v1::ObjectVersion& version, const v1::ObjectVersion* older) {
  if (version.deleted()) return {Change::Kind::kDeleted, {}};
  if (older == nullptr)
    return {LooksCreated(version) ? Change::Kind::kCreated : Change::Kind::kUnknown, {}};
  if (older->deleted() || !SameLife(version, *older)) return {Change::Kind::kCreated, {}};
  Change change{Change::Kind::kChanged, schema::ChangedPaths(older->object(), version.object())};
  std::erase_if(change.paths, IsBookkeeping);
  const bool status = std::ranges::all_of(change.paths, [](const FieldPath& path) {
    return path.StartsWith(FieldPath().Child("status"));
  });
  if (status) change.kind = Change::Kind::kStatus;
  return change;
}

std::string ChangeText(const Change& change) {
  switch (change.kind) {
    case Change::Kind::kCreated:
      return "created";
    case Change::Kind::kDeleted:
      return "deleted";
    case Change::Kind::kUnknown:
      return "<unknown>";
    default:
      break;
  }
  if (change.paths.empty()) return "field managers";
  std::vector<std::string> shown;
  for (const FieldPath& path : change.paths) {
    if (shown.size() == kPathsShown) {
      shown.push_back(fmt::format("{} more", change.paths.size() - kPathsShown));
      break;
    }
    shown.push_back(path.ToString());
  }
  return Join(shown, ", ");
}

std::string AgeOf(const v1::ObjectVersion& version, absl::Time now) {
  return version.has_time() ? schema::HumanDuration(now - client::ToTime(version.time()))
                            : "<unknown>";
}

absl::Status ParseMoment(std::string_view text, std::string_view flag, absl::Time now,
                         v1::GetRequest* request) {
  if (const auto revision = ParseRevision(text)) {
    request->set_revision(*revision);
  } else if (const auto span = ParseSpan(text)) {
    client::SetTime(request->mutable_time(), now - *span);
  } else if (const auto time = ParseTime(text)) {
    client::SetTime(request->mutable_time(), *time);
  } else {
    return InvalidArgument(
        "invalid argument \"{}\" for \"--{}\": use a revision such as 1042, a time such as "
        "2026-01-31T12:00:00Z, or how long ago: 90s, 1h, 2d",
        text, flag);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Object> GetAt(Session& session, const ObjectKey& key, std::string_view moment,
                                 std::string_view flag) {
  v1::GetRequest request;
  SetKey(key, request.mutable_key());
  RETURN_IF_ERROR(ParseMoment(moment, flag, session.io().clock->Read().wall, &request));
  ASSIGN_OR_RETURN(client::Api * api, session.Api());
  return FromServer(api->GetAt(request));
}

}  // namespace reeve::ctl
