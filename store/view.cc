#include "store/view.h"

#include "base/status.h"
#include "store/key.h"

namespace reeve::store {
namespace {

std::string EndOf(char space, std::string_view last, std::string (*encode)(std::string_view)) {
  return last.empty() ? SpaceEnd(space) : encode(last);
}

Version ToVersion(std::string_view key, Revision revision, StoredVersion stored) {
  return {std::string(key), std::move(stored.value), stored.created, revision};
}

PastVersion ToPastVersion(std::string_view key, Revision revision, StoredVersion stored) {
  PastVersion past{.deleted = stored.deleted, .minor = stored.minor, .time = stored.time};
  past.author = std::move(stored.author);
  past.version = ToVersion(key, revision, std::move(stored));
  return past;
}

// Calls `visit` for each stored version of keys in [first, last): key order, newest first within a
// key.
absl::Status ScanVersions(const EngineSnapshot& data, const std::string& first,
                          const std::string& last,
                          const std::function<bool(VersionKeyParts, std::string_view)>& visit) {
  absl::Status status;
  const auto decode = [&](std::string_view key, std::string_view value) {
    absl::StatusOr<VersionKeyParts> parts = DecodeVersionKey(key);
    status = parts.status();
    return status.ok() && visit(*std::move(parts), value);
  };
  RETURN_IF_ERROR(data.Scan(first, last, decode));
  return status;
}

// The version of `key` at `revision`, which is known to be there and to hold a value.
absl::StatusOr<Version> VersionOf(const EngineSnapshot& data, std::string_view key,
                                  Revision revision) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, data.Get(VersionKey(key, revision)));
  if (!bytes) return DataLoss("version {} of a key in the change log is missing", revision);
  ASSIGN_OR_RETURN(StoredVersion stored, DecodeVersion(*bytes));
  return ToVersion(key, revision, std::move(stored));
}

absl::StatusOr<Change> ToChange(const EngineSnapshot& data, const LoggedChange& logged,
                                Revision revision) {
  Change change;
  change.deleted = logged.deleted;
  if (logged.deleted) {
    change.version = {logged.key, "", 0, revision};
  } else {
    ASSIGN_OR_RETURN(change.version, VersionOf(data, logged.key, revision));
  }
  if (logged.previous) {
    ASSIGN_OR_RETURN(change.previous, VersionOf(data, logged.key, *logged.previous));
  }
  return change;
}

// The changes of one log record in `range`.
absl::StatusOr<std::shared_ptr<const Batch>> ToBatch(const EngineSnapshot& data,
                                                     const KeyRange& range, Revision revision,
                                                     std::string_view record) {
  ASSIGN_OR_RETURN(const std::vector<LoggedChange> logged, DecodeLog(record));
  auto batch = std::make_shared<Batch>();
  batch->revision = revision;
  for (const LoggedChange& one : logged) {
    if (!range.Contains(one.key)) continue;
    ASSIGN_OR_RETURN(Change change, ToChange(data, one, revision));
    batch->changes.push_back(std::move(change));
  }
  return batch;
}

class View final : public ReadView {
 public:
  View(std::shared_ptr<const EngineSnapshot> data, Revision revision, bool newest)
      : data_(std::move(data)), revision_(revision), newest_(newest) {}

  Revision revision() const override { return revision_; }
  absl::StatusOr<std::optional<Version>> Get(std::string_view key) const override {
    return newest_ ? GetNow(*data_, key) : GetAt(*data_, key, revision_);
  }
  absl::Status Scan(std::string_view first, std::string_view last,
                    const VisitVersion& visit) const override {
    return newest_ ? ScanNow(*data_, first, last, visit)
                   : ScanAt(*data_, first, last, revision_, visit);
  }

 private:
  const std::shared_ptr<const EngineSnapshot> data_;
  const Revision revision_;
  const bool newest_;
};

}  // namespace

absl::StatusOr<std::optional<Version>> GetNow(const EngineSnapshot& data, std::string_view key) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, data.Get(CurrentKey(key)));
  if (!bytes) return std::optional<Version>();
  std::optional<Version> version(std::in_place);
  RETURN_IF_ERROR(DecodeCurrent(key, *bytes, &*version));
  return version;
}

absl::Status ScanNow(const EngineSnapshot& data, std::string_view first, std::string_view last,
                     const VisitVersion& visit) {
  absl::Status status;
  Version version;  // One for all: a scan of many allocates little.
  const auto decode = [&](std::string_view key, std::string_view value) {
    status = DecodeCurrent(key.substr(1), value, &version);
    return status.ok() && visit(version);
  };
  if (!last.empty() && last <= first) return absl::OkStatus();
  RETURN_IF_ERROR(data.Scan(CurrentKey(first), EndOf(kCurrentSpace, last, CurrentKey), decode));
  return status;
}

absl::StatusOr<std::optional<Version>> GetAt(const EngineSnapshot& data, std::string_view key,
                                             Revision at) {
  std::optional<Version> found;
  const VisitVersion take = [&](const Version& version) {
    found = version;
    return false;
  };
  std::string after(key);
  after.push_back(0);
  RETURN_IF_ERROR(ScanAt(data, key, after, at, take));
  return found;
}

absl::Status ScanAt(const EngineSnapshot& data, std::string_view first, std::string_view last,
                    Revision at, const VisitVersion& visit) {
  if (!last.empty() && last <= first) return absl::OkStatus();
  absl::Status status;
  std::optional<std::string> settled;  // The key whose version at `at` was found.
  const auto take = [&](VersionKeyParts parts, std::string_view value) {
    if (parts.revision > at || settled == parts.key) return true;
    absl::StatusOr<StoredVersion> stored = DecodeVersion(value);
    status = stored.status();
    settled = std::move(parts.key);
    if (!status.ok()) return false;
    return stored->deleted || visit(ToVersion(*settled, parts.revision, *std::move(stored)));
  };
  RETURN_IF_ERROR(
      ScanVersions(data, VersionsOf(first), EndOf(kVersionSpace, last, VersionsOf), take));
  return status;
}

absl::StatusOr<std::vector<PastVersion>> ReadHistory(const EngineSnapshot& data,
                                                     std::string_view key, int limit) {
  std::vector<PastVersion> history;
  absl::Status status;
  const auto take = [&](const VersionKeyParts& parts, std::string_view value) {
    if (history.size() >= static_cast<size_t>(std::max(limit, 0))) return false;
    absl::StatusOr<StoredVersion> stored = DecodeVersion(value);
    status = stored.status();
    if (!status.ok()) return false;
    history.push_back(ToPastVersion(key, parts.revision, *std::move(stored)));
    return true;
  };
  std::string after(key);
  after.push_back(0);
  RETURN_IF_ERROR(ScanVersions(data, VersionsOf(key), VersionsOf(after), take));
  RETURN_IF_ERROR(status);
  return history;
}

absl::StatusOr<LogPage> ReadLog(const EngineSnapshot& data, const KeyRange& range, Revision after,
                                size_t limit) {
  LogPage page;
  absl::Status status;
  const auto take = [&](std::string_view key, std::string_view record) {
    if (page.batches.size() == limit) return false;
    const absl::StatusOr<Revision> revision = DecodeLogKey(key);
    status = revision.status();
    if (!status.ok()) return false;
    absl::StatusOr<std::shared_ptr<const Batch>> batch = ToBatch(data, range, *revision, record);
    status = batch.status();
    if (status.ok() && !(*batch)->changes.empty()) page.batches.push_back(*std::move(batch));
    return status.ok();
  };
  RETURN_IF_ERROR(data.Scan(LogKey(after + 1), SpaceEnd(kLogSpace), take));
  RETURN_IF_ERROR(status);
  page.end = page.batches.size() < limit;
  return page;
}

std::unique_ptr<ReadView> MakeView(std::shared_ptr<const EngineSnapshot> data, Revision revision,
                                   bool newest) {
  return std::make_unique<View>(std::move(data), revision, newest);
}

}  // namespace reeve::store
