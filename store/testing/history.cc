#include "store/testing/history.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"

namespace reeve::store {
namespace {

bool Same(const Version& a, const Version& b) {
  return a.key == b.key && a.value == b.value && a.created == b.created && a.modified == b.modified;
}

bool Same(const std::optional<Version>& a, const std::optional<Version>& b) {
  return a.has_value() == b.has_value() && (!a || Same(*a, *b));
}

std::string Show(const std::optional<Version>& version) {
  if (!version) return "nothing";
  return fmt::format("\"{}\" of revision {}", version->value.substr(0, 40), version->modified);
}

std::optional<Version> At(const Auditor::State& state, const std::string& key) {
  const auto found = state.find(key);
  if (found == state.end()) return std::nullopt;
  return found->second;
}

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

// "client:number" of the client whose own key `batch` writes; empty when none is there.
std::string IdOf(const Batch& batch) {
  for (const Change& change : batch.changes) {
    if (change.version.key.starts_with(OwnKey(""))) return change.version.value;
  }
  return "";
}

}  // namespace

std::string OwnKey(const std::string& client) { return "client/" + client; }

void History::Add(Attempt attempt) {
  MutexLock lock(&mu_);
  attempts_.push_back(std::move(attempt));
}

void History::Add(Look look) {
  MutexLock lock(&mu_);
  looks_.push_back(std::move(look));
}

std::vector<Attempt> History::TakeAttempts() {
  MutexLock lock(&mu_);
  return std::exchange(attempts_, {});
}

std::vector<Look> History::TakeLooks() {
  MutexLock lock(&mu_);
  return std::exchange(looks_, {});
}

CommitResult Client::Commit(Txn txn, bool forget) {
  Attempt attempt;
  attempt.id = fmt::format("{}:{}", name_, ++count_);
  txn.writes.push_back({OwnKey(name_), attempt.id});
  attempt.txn = txn;
  attempt.start = history_->Tick();
  CommitResult result = store_->Commit(std::move(txn));
  attempt.end = history_->Tick();
  attempt.revision = result.revision;
  attempt.failed = result.failed;
  if (result.status.ok()) {
    attempt.outcome = Attempt::Outcome::kCommitted;
  } else if (absl::IsAborted(result.status) || absl::IsResourceExhausted(result.status)) {
    attempt.outcome = Attempt::Outcome::kRefused;
  } else {
    forget = true;
  }
  if (forget) {
    attempt.outcome = Attempt::Outcome::kUnknown;
    attempt.end = kNever;
  }
  history_->Add(std::move(attempt));
  return result;
}

std::optional<Version> Client::Get(const std::string& key) {
  Look look{.start = history_->Tick(), .end = 0, .key = key, .revision = 0, .found = {}};
  const auto view = store_->Read();
  if (!view.ok()) return std::nullopt;
  const auto found = (*view)->Get(key);
  if (!found.ok()) return std::nullopt;
  look.end = history_->Tick();
  look.revision = (*view)->revision();
  look.found = *found;
  history_->Add(look);
  return *found;
}

// What one call of Audit works on.
struct Auditor::Part {
  std::map<std::string, Attempt> attempts;
  std::vector<Look> looks;       // By revision; those before `next_look` are checked.
  std::vector<Attempt> refused;  // By revision; those before `next_refused` are checked.
  size_t next_look = 0;
  size_t next_refused = 0;
  std::map<Revision, std::string> order;  // Which attempt each revision is.
  std::set<std::string> done;
  Revision last = 0;
  std::vector<std::string> problems;

  template <typename... Args>
  void Problem(fmt::format_string<Args...> format, Args&&... args) {
    problems.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
};

std::vector<std::string> Auditor::Audit(const std::vector<Batch>& log,
                                        std::vector<Attempt> attempts, std::vector<Look> looks) {
  Part part;
  part.looks = std::move(looks);
  std::ranges::sort(part.looks, {}, &Look::revision);
  for (Attempt& attempt : attempts) {
    if (attempt.outcome == Attempt::Outcome::kRefused) part.refused.push_back(attempt);
    part.attempts.emplace(attempt.id, std::move(attempt));
  }
  std::ranges::sort(part.refused, {}, &Attempt::revision);
  for (const Batch& batch : log) Replay(batch, &part);
  part.last = revision_;
  CheckLooks(revision_, &part);
  CheckRefusals(revision_, &part);
  CheckMissing(&part);
  CheckBeyond(&part);
  CheckRealTime(&part);
  for (const auto& [id, attempt] : part.attempts)
    acknowledged_ += attempt.outcome == Attempt::Outcome::kCommitted ? 1 : 0;
  return std::move(part.problems);
}

void Auditor::Replay(const Batch& batch, Part* part) {
  if (batch.revision <= revision_)
    part->Problem("revision {} follows {} in the log", batch.revision, revision_);
  CheckLooks(batch.revision - 1, part);
  CheckRefusals(batch.revision - 1, part);
  const std::string id = IdOf(batch);
  const auto found = part->attempts.find(id);
  if (found == part->attempts.end()) {
    part->Problem("revision {} was committed by nobody: \"{}\"", batch.revision, id);
  } else {
    CheckAttempt(batch, found->second, part);
  }
  part->order[batch.revision] = id;
  Apply(batch);
  ++commits_;
}

void Auditor::CheckAttempt(const Batch& batch, const Attempt& attempt, Part* part) const {
  if (!part->done.insert(attempt.id).second)
    part->Problem("{} took effect a second time at {}", attempt.id, batch.revision);
  if (attempt.outcome == Attempt::Outcome::kRefused)
    part->Problem("{} was refused, and took effect at {}", attempt.id, batch.revision);
  if (attempt.outcome == Attempt::Outcome::kCommitted && attempt.revision != batch.revision)
    part->Problem("{} was told {}, and is at {}", attempt.id, attempt.revision, batch.revision);
  for (const Precondition& precondition : attempt.txn.preconditions) {
    if (Holds(precondition, At(state_, precondition.key))) continue;
    part->Problem("{} took effect at {} where its precondition on {} did not hold: there was {}",
                  attempt.id, batch.revision, precondition.key, Show(At(state_, precondition.key)));
  }
  CheckChanges(batch, attempt, part);
}

// The batch is what the transaction asked for: all of it, and nothing else.
void Auditor::CheckChanges(const Batch& batch, const Attempt& attempt, Part* part) const {
  std::map<std::string, const Change*> changes;
  for (const Change& change : batch.changes) changes[change.version.key] = &change;
  size_t expected = 0;
  for (const Write& write : attempt.txn.writes) {
    const std::optional<Version> before = At(state_, write.key);
    if (!write.value && !before) continue;
    ++expected;
    const auto found = changes.find(write.key);
    if (found == changes.end()) {
      part->Problem("{} at {} has no change of {}", attempt.id, batch.revision, write.key);
      continue;
    }
    const Change& change = *found->second;
    const bool right =
        change.deleted == !write.value &&
        (change.deleted || change.version.value == *write.value) &&
        change.version.modified == batch.revision && Same(change.previous, before) &&
        (change.deleted || change.version.created == (before ? before->created : batch.revision));
    if (!right)
      part->Problem("{} at {} has another change of {}", attempt.id, batch.revision, write.key);
  }
  if (expected != batch.changes.size())
    part->Problem("{} at {} changed {} keys, not {}", attempt.id, batch.revision,
                  batch.changes.size(), expected);
}

void Auditor::Apply(const Batch& batch) {
  for (const Change& change : batch.changes) {
    if (change.deleted) {
      state_.erase(change.version.key);
    } else {
      state_[change.version.key] = change.version;
    }
  }
  revision_ = std::max(revision_, batch.revision);
}

// Reads at revisions up to `upto`, which is where the replay is.
void Auditor::CheckLooks(Revision upto, Part* part) const {
  for (; part->next_look < part->looks.size(); ++part->next_look) {
    const Look& look = part->looks[part->next_look];
    if (look.revision > upto) return;
    if (Same(look.found, At(state_, look.key))) continue;
    part->Problem("a read of {} at {} found {}, there was {}", look.key, look.revision,
                  Show(look.found), Show(At(state_, look.key)));
  }
}

// What was said to be in the way was there. A refusal in the middle of a group tells the revision
// before it.
void Auditor::CheckRefusals(Revision upto, Part* part) const {
  for (; part->next_refused < part->refused.size(); ++part->next_refused) {
    const Attempt& attempt = part->refused[part->next_refused];
    if (attempt.revision > upto) return;
    for (const CommitResult::Failed& failed : attempt.failed) {
      const std::optional<Version> there = At(state_, failed.precondition.key);
      if (Same(failed.present, there) && !Holds(failed.precondition, there)) continue;
      part->Problem("{} was refused because of {} in {}, there was {}", attempt.id,
                    Show(failed.present), failed.precondition.key, Show(there));
    }
  }
}

// Whoever saw more than there is saw what was not durable, and was lost.
void Auditor::CheckBeyond(Part* part) {
  Revision lost = part->last;
  for (const auto& [id, attempt] : part->attempts) {
    if (attempt.outcome == Attempt::Outcome::kCommitted && !attempt.txn.durable)
      lost = std::max(lost, attempt.revision);
  }
  for (; part->next_look < part->looks.size(); ++part->next_look) {
    const Look& look = part->looks[part->next_look];
    if (look.revision > lost)
      part->Problem("a read saw revision {}, which nobody committed", look.revision);
  }
}

void Auditor::CheckMissing(Part* part) {
  for (const auto& [id, attempt] : part->attempts) {
    if (attempt.outcome != Attempt::Outcome::kCommitted || part->done.contains(id)) continue;
    if (attempt.txn.durable || attempt.revision <= part->last)
      part->Problem("{}, acknowledged at {}, is lost", id, attempt.revision);
  }
}

// The order of revisions agrees with the order in time: what ended before another began has the
// lower revision; a read has at least the revision of everything that ended before it began, and
// not that of anything that began after its end.
void Auditor::CheckRealTime(Part* part) {
  struct Event {
    Revision revision;
    bool read;
    int64_t start;
    int64_t end;
    std::string what;
  };
  std::vector<Event> events;
  for (const auto& [revision, id] : part->order) {
    const auto found = part->attempts.find(id);
    if (found == part->attempts.end()) continue;
    events.push_back({revision, false, found->second.start, found->second.end, id});
  }
  for (const Look& look : part->looks)
    events.push_back({look.revision, true, look.start, look.end, "a read of " + look.key});
  std::ranges::sort(events, {}, [](const Event& e) { return std::pair(e.revision, e.read); });
  // From the newest: nothing may begin after something newer has ended.
  const Event* earliest = nullptr;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (earliest != nullptr && earliest->end < event->start &&
        earliest->revision > event->revision) {
      part->Problem("{} of revision {} began after the end of {} of revision {}", event->what,
                    event->revision, earliest->what, earliest->revision);
    }
    if (earliest == nullptr || event->end < earliest->end) earliest = &*event;
  }
}

absl::StatusOr<std::vector<Batch>> ReadLogOf(Store* store, Revision after) {
  ASSIGN_OR_RETURN(const auto watcher, store->Watch("", "", after, [] {}));
  std::vector<Batch> log;
  for (;;) {
    ASSIGN_OR_RETURN(auto batch, watcher->Next());
    if (!batch) return log;
    if (!batch->changes.empty()) log.push_back(*std::move(batch));
  }
}

std::vector<std::string> CompareState(Store* store, const Auditor::State& state) {
  std::vector<std::string> differences;
  const auto view = store->Read();
  if (!view.ok()) return {view.status().ToString()};
  Auditor::State left = state;
  const absl::Status status = (*view)->Scan("", "", [&](const Version& version) {
    const auto expected = left.find(version.key);
    if (expected == left.end() || !Same(expected->second, version))
      differences.push_back("another or unexpected version of " + version.key);
    left.erase(version.key);
    return true;
  });
  if (!status.ok()) differences.push_back(status.ToString());
  for (const auto& [key, version] : left) differences.push_back("missing: " + key);
  return differences;
}

}  // namespace reeve::store
