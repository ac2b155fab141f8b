#include "store/testing/store_model.h"

#include <algorithm>
#include <random>
#include <set>

#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::store {
namespace {

bool InRange(const std::string& key, const std::string& first, const std::string& last) {
  return key >= first && (last.empty() || key < last);
}

bool Holds(const Precondition& precondition, const std::optional<Version>& present) {
  if (precondition.kind == Precondition::Kind::kAbsent) return !present;
  if (!present) return false;
  return precondition.kind == Precondition::Kind::kPresent ||
         present->modified == precondition.modified;
}

}  // namespace

CommitResult StoreModel::Commit(const Txn& txn) {
  CommitResult result{absl::OkStatus(), last_, {}};
  for (const Precondition& precondition : txn.preconditions) {
    std::optional<Version> present = GetAt(precondition.key, last_);
    if (!Holds(precondition, present)) result.failed.push_back({precondition, present});
  }
  if (!result.failed.empty()) {
    result.status = Aborted("preconditions");
    return result;
  }
  Batch batch{last_ + 1, {}};
  for (const Write& write : txn.writes) {
    const std::optional<Version> previous = GetAt(write.key, last_);
    if (!write.value && !previous) continue;
    Version version{write.key, write.value.value_or(""), 0, batch.revision};
    if (write.value) version.created = previous ? previous->created : batch.revision;
    batch.changes.push_back({version, !write.value, previous});
    versions_[write.key][batch.revision] =
        write.value ? std::optional<Version>(version) : std::nullopt;
  }
  if (batch.changes.empty()) return result;
  std::ranges::sort(batch.changes, {}, [](const Change& change) { return change.version.key; });
  log_.push_back(std::move(batch));
  result.revision = ++last_;
  return result;
}

void StoreModel::Compact(Revision floor) {
  floor_ = std::max(floor_, floor);
  while (!log_.empty() && log_.front().revision <= floor_) log_.pop_front();
}

std::optional<Version> StoreModel::GetAt(const std::string& key, Revision at) const {
  const auto versions = versions_.find(key);
  if (versions == versions_.end()) return std::nullopt;
  const auto after = versions->second.upper_bound(at);
  return after == versions->second.begin() ? std::nullopt : std::prev(after)->second;
}

std::vector<Version> StoreModel::ScanAt(const std::string& first, const std::string& last,
                                        Revision at) const {
  std::vector<Version> found;
  for (auto it = versions_.lower_bound(first); it != versions_.end(); ++it) {
    if (!InRange(it->first, first, last)) break;
    if (std::optional<Version> version = GetAt(it->first, at)) found.push_back(*version);
  }
  return found;
}

std::optional<Batch> StoreModel::NextChange(const std::string& first, const std::string& last,
                                            Revision after) const {
  auto it = std::ranges::upper_bound(log_, after, {}, &Batch::revision);
  for (; it != log_.end(); ++it) {
    Batch found{it->revision, {}};
    for (const Change& change : it->changes) {
      if (InRange(change.version.key, first, last)) found.changes.push_back(change);
    }
    if (!found.changes.empty()) return found;
  }
  return std::nullopt;
}

std::vector<Version> StoreModel::History(const std::string& key) const {
  std::vector<Version> history;
  const auto versions = versions_.find(key);
  if (versions == versions_.end()) return history;
  for (auto it = versions->second.rbegin(); it != versions->second.rend(); ++it) {
    if (it->second) history.push_back(*it->second);
  }
  return history;
}

namespace {

std::string ToText(const Version& v) {
  return fmt::format("{}={}@{}/{}", v.key, v.value, v.modified, v.created);
}

std::string ToText(const std::optional<Version>& version) {
  return version ? ToText(*version) : "absent";
}

std::string ToText(const std::vector<Version>& versions) {
  std::string text;
  for (const Version& version : versions) text += ToText(version) + " ";
  return text;
}

std::string ToText(const std::optional<Batch>& batch) {
  if (!batch) return "none";
  std::string text = fmt::format("{}:", batch->revision);
  for (const Change& change : batch->changes) {
    text += fmt::format(" {}{} (was {})", change.deleted ? "-" : "+", ToText(change.version),
                        ToText(change.previous));
  }
  return text;
}

std::string ToText(const CommitResult& result) {
  std::string text =
      fmt::format("{} at {}", static_cast<int>(result.status.code()), result.revision);
  for (const CommitResult::Failed& failed : result.failed) {
    text += fmt::format(" {}:{}", failed.precondition.key, ToText(failed.present));
  }
  return text;
}

// One random run.
class ModelRun {
 public:
  ModelRun(StoreHome* home, uint64_t seed) : home_(home), random_(seed) { Reopen(); }

  void Step();
  int64_t compared() const { return compared_; }

 private:
  struct Watch {
    std::string first;
    std::string last;
    std::unique_ptr<Watcher> watcher;
  };
  int Below(int end) { return static_cast<int>(random_() % static_cast<uint64_t>(end)); }
  bool OneIn(int n) { return Below(n) == 0; }
  std::string RandomKey();
  Revision RandomRevision();
  Precondition RandomPrecondition();
  Txn RandomTxn();

  void Compare(const std::string& got, const std::string& want, std::string_view what);
  void Commit();
  void GetNow();
  void ReadNow();
  void ReadOld();
  void OpenWatch();
  void PullWatch();
  bool PullOnce(Watch* watch);
  void History();
  void Compact();
  void Reopen();
  void CompareView(const ReadView& view);

  StoreHome* const home_;
  std::mt19937_64 random_;
  StoreModel model_;
  std::unique_ptr<Store> store_;
  std::vector<Watch> watches_;
  int64_t compared_ = 0;
};

constexpr int kKeys = 40;
constexpr size_t kWatchesMax = 6;

// Among the keys: one a prefix of others, and bytes that the key encoding treats specially.
std::string ModelKey(int i) {
  if (i % 8 == 7) return std::string("k\0", 2) + static_cast<char>(i);
  if (i % 8 == 6) return std::string("k\xff") + static_cast<char>('0' + i / 8);
  return i == 0 ? "k" : fmt::format("k{}", i);
}

std::string ModelRun::RandomKey() { return ModelKey(Below(kKeys)); }

// Sometimes outside of what can be read.
Revision ModelRun::RandomRevision() {
  const Revision first = std::max<Revision>(1, model_.floor() - 2);
  return first +
         static_cast<Revision>(random_() % static_cast<uint64_t>(model_.last() + 2 - first + 1));
}

Precondition ModelRun::RandomPrecondition() {
  const std::string key = RandomKey();
  const std::optional<Version> present = model_.GetAt(key, model_.last());
  const bool lie = OneIn(8);
  if (present.has_value() == lie) return MustBeAbsent(key);
  if (OneIn(2)) return MustBePresent(key);
  return MustBeAt(key, present && !lie ? present->modified : RandomRevision());
}

Txn ModelRun::RandomTxn() {
  Txn txn;
  for (int n = Below(3); n > 0; --n) txn.preconditions.push_back(RandomPrecondition());
  std::set<std::string> keys;
  for (int n = Below(20) == 0 ? 0 : 1 + Below(3); n > 0; --n) keys.insert(RandomKey());
  for (const std::string& key : keys) {
    Write write{key, fmt::format("{:x}", random_())};
    if (OneIn(4)) write.value = std::nullopt;
    txn.writes.insert(txn.writes.begin() + Below(static_cast<int>(txn.writes.size()) + 1), write);
  }
  txn.durable = !OneIn(10);
  return txn;
}

void ModelRun::Compare(const std::string& got, const std::string& want, std::string_view what) {
  ++compared_;
  if (got != want)
    ADD_FAILURE() << what << " at revision " << model_.last() << "\n got " << got << "\nwant "
                  << want;
}

void ModelRun::Commit() {
  const Txn txn = RandomTxn();
  Compare(ToText(store_->Commit(txn)), ToText(model_.Commit(txn)), "commit");
}

void ModelRun::GetNow() {
  const auto view = store_->Read();
  ASSERT_OK(view);
  const std::string key = RandomKey();
  const auto version = (*view)->Get(key);
  ASSERT_OK(version);
  Compare(ToText(*version), ToText(model_.GetAt(key, model_.last())), "get");
}

void ModelRun::CompareView(const ReadView& view) {
  const std::string first = RandomKey();
  const std::string last = OneIn(4) ? "" : RandomKey();
  std::vector<Version> found;
  EXPECT_OK(view.Scan(first, last, [&](const Version& version) {
    found.push_back(version);
    return true;
  }));
  Compare(ToText(found), ToText(model_.ScanAt(first, last, view.revision())), "scan");
  const std::string key = RandomKey();
  const auto version = view.Get(key);
  ASSERT_OK(version);
  Compare(ToText(*version), ToText(model_.GetAt(key, view.revision())), "get at");
}

void ModelRun::ReadNow() {
  const auto view = store_->Read();
  ASSERT_OK(view);
  Compare(std::to_string((*view)->revision()), std::to_string(model_.last()), "revision");
  CompareView(**view);
}

void ModelRun::ReadOld() {
  const Revision at = RandomRevision();
  const auto view = store_->Read(at);
  const bool readable = at >= model_.floor() && at <= model_.last();
  Compare(view.status().ok() ? "ok" : "error", readable ? "ok" : "error", "read at");
  if (view.ok()) CompareView(**view);
}

void ModelRun::OpenWatch() {
  Watch watch{OneIn(2) ? "" : RandomKey(), OneIn(2) ? "" : RandomKey(), nullptr};
  const Revision after = OneIn(3) ? model_.last() : RandomRevision();
  auto watcher = store_->Watch(watch.first, watch.last, after, [] {});
  const bool possible = after >= model_.floor() && after <= model_.last();
  Compare(watcher.ok() ? "ok" : "error", possible ? "ok" : "error", "watch");
  if (!watcher.ok()) return;
  watch.watcher = *std::move(watcher);
  if (watches_.size() == kWatchesMax) watches_.erase(watches_.begin() + Below(kWatchesMax));
  watches_.push_back(std::move(watch));
}

void ModelRun::PullWatch() {
  if (watches_.empty()) return;
  const size_t index = static_cast<size_t>(Below(static_cast<int>(watches_.size())));
  for (int n = 1 + Below(100); n > 0; --n) {
    if (!PullOnce(&watches_[index])) return;
    if (watches_[index].watcher == nullptr) {
      watches_.erase(watches_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    }
  }
}

// False when there was nothing. Drops the watcher when it died, which only compaction may cause.
bool ModelRun::PullOnce(Watch* watch) {
  const Revision after = watch->watcher->last_revision();
  const auto batch = watch->watcher->Next();
  if (!batch.ok()) {
    EXPECT_LT(after, model_.floor()) << batch.status();
    watch->watcher = nullptr;
    return true;
  }
  // Commits that it had fetched before they were compacted may still come.
  if (after < model_.floor()) return batch->has_value();
  Compare(ToText(*batch), ToText(model_.NextChange(watch->first, watch->last, after)), "watch");
  return batch->has_value();
}

// What compaction may take is the store's choice: what is there must be right, in order, and whole
// above the floor.
void ModelRun::History() {
  const std::string key = RandomKey();
  const auto history = store_->History(key, 1000);
  ASSERT_OK(history);
  std::vector<Version> have;
  for (const PastVersion& past : *history) {
    if (!past.deleted) have.push_back(past.version);
  }
  std::vector<Version> want;
  for (const Version& version : model_.History(key)) {
    const bool kept = std::ranges::find(have, version.modified, &Version::modified) != have.end();
    if (kept || version.modified > model_.floor()) want.push_back(version);
  }
  Compare(ToText(have), ToText(want), "history");
}

void ModelRun::Compact() {
  const Revision span = model_.last() - model_.floor();
  if (span == 0) return;
  const Revision floor =
      model_.floor() + 1 + static_cast<Revision>(random_() % static_cast<uint64_t>(span));
  EXPECT_OK(store_->Compact(floor));
  model_.Compact(floor);
  Compare(std::to_string(store_->floor()), std::to_string(floor), "floor");
}

// Watches resume where they were.
void ModelRun::Reopen() {
  std::vector<Revision> resume;
  for (Watch& watch : watches_) {
    resume.push_back(watch.watcher->last_revision());
    watch.watcher.reset();
  }
  store_.reset();
  auto store = home_->Open();
  ASSERT_OK(store);
  store_ = *std::move(store);
  Compare(std::to_string(store_->revision()), std::to_string(model_.last()), "reopened revision");
  std::vector<Watch> old = std::move(watches_);
  watches_.clear();
  for (size_t i = 0; i < old.size(); ++i) {
    if (resume[i] < model_.floor()) continue;
    auto watcher = store_->Watch(old[i].first, old[i].last, resume[i], [] {});
    ASSERT_OK(watcher);
    old[i].watcher = *std::move(watcher);
    watches_.push_back(std::move(old[i]));
  }
}

void ModelRun::Step() {
  const int choice = Below(1000);
  if (choice < 450) return Commit();
  if (choice < 700) return GetNow();
  if (choice < 730) return ReadNow();
  if (choice < 760) return ReadOld();
  if (choice < 790) return OpenWatch();
  if (choice < 970) return PullWatch();
  if (choice < 990) return History();
  if (choice < 997) return Compact();
  if (OneIn(5)) Reopen();
}

}  // namespace

int64_t RunAgainstModel(StoreHome* home, uint64_t seed, int steps) {
  ModelRun run(home, seed);
  for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) run.Step();
  return run.compared();
}

}  // namespace reeve::store
