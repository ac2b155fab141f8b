#include "store/commit_group.h"

#include <algorithm>

#include "base/status.h"
#include "store/key.h"
#include "store/view.h"

namespace reeve::store {
namespace {

bool Holds(const Precondition& precondition, const std::optional<Version>& present) {
  switch (precondition.kind) {
    case Precondition::Kind::kAbsent:
      return !present;
    case Precondition::Kind::kPresent:
      return present.has_value();
    case Precondition::Kind::kModifiedAt:
      return present && present->modified == precondition.modified;
  }
  return false;
}

bool HasPut(const Txn& txn) {
  return std::any_of(txn.writes.begin(), txn.writes.end(),
                     [](const Write& write) { return write.value.has_value(); });
}

CommitResult Refused(absl::Status status, Revision last) {
  return {.status = std::move(status), .revision = last, .failed = {}};
}

}  // namespace

absl::StatusOr<const std::optional<Version>*> CommitGroup::Present(const std::string& key) {
  const auto known = known_.find(key);
  if (known != known_.end()) return &known->second;
  ASSIGN_OR_RETURN(std::optional<Version> read, GetNow(base_, key));
  return &known_.emplace(key, std::move(read)).first->second;
}

absl::Status CommitGroup::Check(const Txn& txn, std::vector<CommitResult::Failed>* failed) {
  for (const Precondition& precondition : txn.preconditions) {
    ASSIGN_OR_RETURN(const std::optional<Version>* present, Present(precondition.key));
    if (!Holds(precondition, *present)) failed->push_back({precondition, *present});
  }
  if (failed->empty()) return absl::OkStatus();
  return Aborted("{} of {} preconditions did not hold", failed->size(), txn.preconditions.size());
}

// The writes that change something, in key order.
absl::StatusOr<std::vector<CommitGroup::Staged>> CommitGroup::Stage(Txn* txn) {
  std::vector<Staged> staged;
  for (Write& write : txn->writes) {
    ASSIGN_OR_RETURN(const std::optional<Version>* previous, Present(write.key));
    if (write.value || *previous) staged.push_back({&write, *previous});
  }
  const auto key = [](const Staged& one) -> const std::string& { return one.write->key; };
  std::ranges::sort(staged, {}, key);
  const auto twice = std::ranges::adjacent_find(staged, {}, key);
  if (twice != staged.end()) {
    return InvalidArgument("a transaction writes the key \"{}\" twice", twice->write->key);
  }
  return staged;
}

CommitResult CommitGroup::Add(Txn* txn) {
  CommitResult result = Refused(absl::OkStatus(), last_);
  result.status = Check(*txn, &result.failed);
  if (!result.status.ok()) return result;
  if (!room_.ok() && !txn->makes_room && HasPut(*txn)) return Refused(room_, last_);
  absl::StatusOr<std::vector<Staged>> staged = Stage(txn);
  if (!staged.ok()) return Refused(staged.status(), last_);
  if (!staged->empty()) Apply(*std::move(staged), *txn);
  result.revision = last_;
  return result;
}

void CommitGroup::Apply(std::vector<Staged> staged, const Txn& txn) {
  ++last_;
  durable_ = durable_ || txn.durable;
  auto batch = std::make_shared<Batch>();
  batch->revision = last_;
  std::vector<LoggedChange> logged;
  for (Staged& one : staged) {
    const Change& change = batch->changes.emplace_back(ApplyOne(std::move(one), txn));
    LoggedChange& log = logged.emplace_back();
    log.key = change.version.key;
    log.deleted = change.deleted;
    if (change.previous) log.previous = change.previous->modified;
  }
  batch_.Put(LogKey(last_), EncodeLog(logged));
  batches_.push_back(std::move(batch));
}

Change CommitGroup::ApplyOne(Staged staged, const Txn& txn) {
  Change change;
  change.deleted = !staged.write->value;
  change.version.key = staged.write->key;
  change.version.modified = last_;
  StoredVersion stored{.deleted = change.deleted,
                       .ephemeral = !txn.durable,
                       .minor = staged.write->minor,
                       .time = txn.time,
                       .author = txn.author};
  if (staged.previous) sum_ -= SumOf(change.version.key, staged.previous->modified);
  if (change.deleted) {
    batch_.Delete(CurrentKey(change.version.key));
    known_[change.version.key] = std::nullopt;
  } else {
    change.version.created = staged.previous ? staged.previous->created : last_;
    change.version.value = *std::move(staged.write->value);
    stored.created = change.version.created;
    stored.value = change.version.value;
    batch_.Put(CurrentKey(change.version.key), EncodeCurrent(change.version));
    known_[change.version.key] = change.version;
    sum_ += SumOf(change.version.key, last_);
  }
  batch_.Put(VersionKey(change.version.key, last_), EncodeVersion(stored));
  change.previous = std::move(staged.previous);
  return change;
}

const EngineBatch& CommitGroup::Finish() {
  if (batches_.empty()) return batch_;
  batch_.Put(MetaKey("last"), EncodeMeta(last_));
  batch_.Put(MetaKey("sum"), EncodeMeta(StoredSum(sum_)));
  return batch_;
}

}  // namespace reeve::store
