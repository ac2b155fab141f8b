#include "store/testing/watch_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "store/view.h"

namespace reeve::store {
namespace {

bool Same(const std::optional<Version>& a, const std::optional<Version>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a || (a->key == b->key && a->value == b->value && a->created == b->created &&
                a->modified == b->modified);
}

// One record against the log.
class Checker {
 public:
  Checker(const WatchRecord& record, const std::vector<Batch>& log)
      : record_(record), range_{record.first, record.last} {
    Revision upto = record.after;
    for (const WatchRecord::Step& step : record.steps)
      upto = std::max({upto, step.position, step.batch.revision});
    auto batch = std::ranges::upper_bound(log, record.after, {}, &Batch::revision);
    for (; batch != log.end() && batch->revision <= upto; ++batch) {
      for (const Change& change : batch->changes) {
        if (range_.Contains(change.version.key)) expected_[batch->revision].push_back(&change);
      }
    }
  }

  std::vector<std::string> Check() {
    for (const WatchRecord::Step& step : record_.steps) {
      if (step.batch.changes.empty()) {
        position_ = std::max(position_, step.batch.revision);
      } else {
        CheckBatch(step.batch);
      }
      CheckPosition(step);
    }
    CheckResumable();
    CheckReliable();
    return std::move(problems_);
  }

 private:
  template <typename... Args>
  void Problem(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void CheckBatch(const Batch& batch) {
    if (batch.revision < newest_) Problem("ordered: {} after {}", batch.revision, newest_);
    if (batch.revision <= position_)
      Problem("bookmarkable: {} came after the bookmark {}", batch.revision, position_);
    if (delivered_.contains(batch.revision)) CheckTwice(batch);
    newest_ = std::max(newest_, batch.revision);
    std::set<std::string>& keys = delivered_[batch.revision];
    for (const Change& change : batch.changes) {
      keys.insert(change.version.key);
      CheckChange(batch.revision, change);
    }
  }

  // A revision that comes again: the same change again, or one transaction in two pieces.
  void CheckTwice(const Batch& batch) {
    for (const Change& change : batch.changes) {
      const bool again = delivered_[batch.revision].contains(change.version.key);
      Problem("{}: {} of revision {} came apart from the others", again ? "unique" : "atomic",
              change.version.key, batch.revision);
    }
  }

  void CheckChange(Revision revision, const Change& change) {
    const std::string& key = change.version.key;
    if (!range_.Contains(key)) {
      Problem("filtered: {} of revision {} is out of the range", key, revision);
      return;
    }
    const Change* const real = Real(revision, key);
    if (real == nullptr || real->deleted != change.deleted ||
        (!change.deleted && (real->version.value != change.version.value ||
                             real->version.modified != change.version.modified))) {
      Problem("reliable: {} of revision {} was not committed like this", key, revision);
      return;
    }
    if (!Same(real->previous, change.previous))
      Problem("previous: {} of revision {} has another previous version", key, revision);
    const bool created = !change.deleted && change.version.created == revision;
    if (created != (!change.deleted && !real->previous))
      Problem("create: {} of revision {}", key, revision);
  }

  const Change* Real(Revision revision, const std::string& key) const {
    const auto batch = expected_.find(revision);
    if (batch == expected_.end()) return nullptr;
    for (const Change* change : batch->second) {
      if (change->version.key == key) return change;
    }
    return nullptr;
  }

  // Nothing up to the position is missing.
  void CheckPosition(const WatchRecord::Step& step) {
    if (step.position < position_)
      Problem("bookmarkable: the position went back to {}", step.position);
    for (auto next = expected_.upper_bound(checked_upto_);
         next != expected_.end() && next->first <= step.position; ++next) {
      if (!delivered_.contains(next->first))
        Problem("bookmarkable: at {}, without {}", step.position, next->first);
    }
    checked_upto_ = std::max(checked_upto_, step.position);
    if (step.batch.changes.empty()) position_ = std::max(position_, step.position);
  }

  void CheckResumable() {
    if (delivered_.empty() || expected_.empty()) return;
    if (delivered_.begin()->first != expected_.begin()->first)
      Problem("resumable: after {} comes {}, it began with {}", record_.after,
              expected_.begin()->first, delivered_.begin()->first);
  }

  void CheckReliable() {
    if (delivered_.empty()) return;
    for (auto next = expected_.lower_bound(delivered_.begin()->first);
         next != expected_.end() && next->first <= newest_; ++next) {
      const auto found = delivered_.find(next->first);
      if (found == delivered_.end()) {
        Problem("reliable: {} is missing", next->first);
      } else if (found->second.size() < next->second.size()) {
        Problem("atomic: of {} only {} of {} changes came", next->first, found->second.size(),
                next->second.size());
      }
    }
  }

  const WatchRecord& record_;
  const KeyRange range_;
  std::map<Revision, std::vector<const Change*>> expected_;
  std::map<Revision, std::set<std::string>> delivered_;
  Revision newest_ = 0;
  Revision position_ = 0;  // Of the last bookmark.
  Revision checked_upto_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace

absl::Status Drain(Watcher* watcher, WatchRecord* record) {
  for (;;) {
    absl::StatusOr<std::optional<Batch>> next = watcher->Next();
    if (!next.ok()) return next.status();
    if (!*next) break;
    Batch batch = **std::move(next);
    record->steps.push_back({std::move(batch), watcher->last_revision()});
  }
  record->steps.push_back({{watcher->last_revision(), {}}, watcher->last_revision()});
  return absl::OkStatus();
}

int64_t CountChanges(const WatchRecord& record) {
  int64_t count = 0;
  for (const WatchRecord::Step& step : record.steps)
    count += static_cast<int64_t>(step.batch.changes.size());
  return count;
}

std::vector<std::string> CheckWatch(const WatchRecord& record, const std::vector<Batch>& log) {
  return Checker(record, log).Check();
}

}  // namespace reeve::store
