#include "store/recovery.h"

#include "base/status.h"
#include "store/key.h"

namespace reeve::store {
namespace {

constexpr Revision kFormatVersion = 2;
constexpr Revision kFormatWithSum = 2;

absl::StatusOr<std::optional<Revision>> MetaRevision(const EngineSnapshot& data,
                                                     std::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, data.Get(MetaKey(name)));
  if (!bytes) return std::optional<Revision>();
  ASSIGN_OR_RETURN(const Revision revision, DecodeMetaRevision(*bytes));
  return std::optional<Revision>(revision);
}

absl::StatusOr<std::map<Revision, Revision>> ReadGaps(const EngineSnapshot& data) {
  std::map<Revision, Revision> gaps;
  absl::Status status;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<Revision> from = DecodeGapKey(key);
    const absl::StatusOr<Revision> to = DecodeMetaRevision(value);
    status = from.ok() ? to.status() : from.status();
    if (status.ok()) gaps[*from] = *to;
    return status.ok();
  };
  RETURN_IF_ERROR(data.Scan(MetaKey("gap"), MetaKey("gaq"), visit));
  RETURN_IF_ERROR(status);
  return gaps;
}

// Reads everything that is present: no more of it than must be.
absl::StatusOr<uint64_t> SumPresent(const EngineSnapshot& data) {
  uint64_t sum = 0;
  absl::Status status;
  const auto add = [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<Revision> modified = ModifiedOf(value);
    status = modified.status();
    if (status.ok()) sum += SumOf(key.substr(1), *modified);
    return status.ok();
  };
  RETURN_IF_ERROR(data.Scan(CurrentKey(""), SpaceEnd(kCurrentSpace), add));
  RETURN_IF_ERROR(status);
  return sum;
}

// Format 1 had no sum: what is there is believed once.
absl::Status CheckSum(const EngineSnapshot& data, Revision format, Recovered* found) {
  ASSIGN_OR_RETURN(const std::optional<Revision> sum, MetaRevision(data, "sum"));
  ASSIGN_OR_RETURN(found->sum, SumPresent(data));
  if (format < kFormatWithSum || sum == StoredSum(found->sum)) return absl::OkStatus();
  return DataLoss("objects are missing: those that are there do not add up to the sum kept");
}

// The newest revision at or below `revision` at which there was a commit.
Revision SkipGap(const std::map<Revision, Revision>& gaps, Revision revision) {
  for (auto gap = gaps.rbegin(); gap != gaps.rend(); ++gap) {
    if (revision <= gap->second && revision > gap->first) revision = gap->first;
  }
  return revision;
}

// Every commit above the floor is in the change log.
absl::Status CheckLog(const EngineSnapshot& data, const Recovered& found) {
  Revision previous = found.floor;
  absl::Status status;
  const auto next = [&](Revision revision) {
    if (SkipGap(found.gaps, revision - 1) <= previous) return true;
    status = DataLoss("commits between revision {} and {} are missing", previous, revision);
    return false;
  };
  const auto visit = [&](std::string_view key, std::string_view) {
    const absl::StatusOr<Revision> revision = DecodeLogKey(key);
    status = revision.status();
    if (!status.ok() || !next(*revision)) return false;
    previous = *revision;
    return true;
  };
  RETURN_IF_ERROR(data.Scan(LogKey(found.floor + 1), SpaceEnd(kLogSpace), visit));
  if (status.ok()) next(found.last + 1);
  return status;
}

// What the engine says of itself; an empty epoch when it is new.
absl::StatusOr<Recovered> ReadMeta(const EngineSnapshot& data, bool accept_holes) {
  Recovered found;
  ASSIGN_OR_RETURN(const std::optional<std::string> epoch, data.Get(MetaKey("epoch")));
  if (!epoch) return found;
  ASSIGN_OR_RETURN(found.epoch, DecodeMeta(*epoch));
  ASSIGN_OR_RETURN(const std::optional<Revision> format, MetaRevision(data, "format"));
  if (format.value_or(0) > kFormatVersion) {
    return FailedPrecondition(
        "its format is {}, this program knows up to {}: use the newer program", *format,
        kFormatVersion);
  }
  ASSIGN_OR_RETURN(const std::optional<Revision> last, MetaRevision(data, "last"));
  ASSIGN_OR_RETURN(const std::optional<Revision> floor, MetaRevision(data, "floor"));
  ASSIGN_OR_RETURN(found.gaps, ReadGaps(data));
  found.last = last.value_or(0);
  found.floor = floor.value_or(0);
  absl::Status whole = CheckLog(data, found);
  whole.Update(CheckSum(data, format.value_or(0), &found));
  if (whole.ok()) return found;
  if (!accept_holes) return whole;
  found.floor = found.last;  // Nobody may read or resume across what is missing.
  return found;
}

// Whether everything that was acknowledged is still there.
absl::Status CheckMark(const Recovered& found, const std::optional<MarkState>& mark) {
  if (!mark) {
    if (found.last == 0) return absl::OkStatus();
    return DataLoss("the mark is missing, so it cannot be told whether revision {} is the last",
                    found.last);
  }
  if (found.epoch.empty()) {
    return DataLoss("the database is gone: the mark says that revision {} was acknowledged",
                    mark->durable);
  }
  if (found.epoch != mark->epoch) {
    return DataLoss(
        "the database is of epoch {}, the mark of epoch {}: they do not belong together",
        found.epoch, mark->epoch);
  }
  if (found.last < mark->durable) {
    return DataLoss("the database ends at revision {}, but revision {} was acknowledged",
                    found.last, mark->durable);
  }
  return absl::OkStatus();
}

// Revisions up to `to` are passed over: nobody may ever commit or resume there.
void SkipTo(Revision to, Recovered* found, EngineBatch* batch) {
  batch->Put(GapKey(found->last), EncodeMeta(to));
  batch->Put(MetaKey("last"), EncodeMeta(to));
  found->gaps[found->last] = to;
  found->last = to;
}

EngineBatch BeginLife(const RecoveryOptions& options, const std::optional<MarkState>& mark,
                      Recovered* found) {
  EngineBatch batch;
  if (found->epoch.empty() || options.new_epoch) {
    found->epoch = options.epoch;
    batch.Put(MetaKey("epoch"), EncodeMeta(found->epoch));
  }
  batch.Put(MetaKey("format"), EncodeMeta(kFormatVersion));
  batch.Put(MetaKey("sum"), EncodeMeta(StoredSum(found->sum)));
  const Revision ceiling = mark ? mark->ceiling : 0;
  if (options.new_epoch) {
    batch.Put(MetaKey("floor"), EncodeMeta(found->floor));
    SkipTo(std::max(found->last, ceiling) + kNewEpochRevisionStep, found, &batch);
  } else if (mark && !mark->clean && ceiling >= found->last) {
    SkipTo(ceiling + 1, found, &batch);
  }
  return batch;
}

}  // namespace

absl::StatusOr<Recovered> Recover(Engine* engine, Mark* mark, const RecoveryOptions& options) {
  absl::StatusOr<Recovered> found = ReadMeta(*engine->Snapshot(), options.new_epoch);
  if (!found.ok()) return Annotate(found.status(), options.location);
  const std::optional<MarkState> marked = mark ? mark->found() : std::nullopt;
  if (mark && !options.new_epoch) {
    RETURN_IF_ERROR(Annotate(CheckMark(*found, marked), options.location));
  }
  if (options.verified) RETURN_IF_ERROR(options.verified());
  const EngineBatch batch = BeginLife(options, marked, &*found);
  RETURN_IF_ERROR(engine->Write(batch, /*sync=*/true));
  if (mark) RETURN_IF_ERROR(mark->Start(found->epoch, found->last));
  return found;
}

}  // namespace reeve::store
