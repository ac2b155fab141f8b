// Recorded histories of concurrent clients and watchers: explained by one order of transactions,
// key by key and as a whole, and every watch kept its nine promises. And each of the bugs that are
// planted on purpose is found. tests/proof/README.md.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/fault_fs.h"
#include "store/testing/history.h"
#include "store/testing/linearizable.h"
#include "store/testing/planted_store.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"
#include "store/testing/watch_checks.h"

namespace reeve::store {
namespace {

using testing::IsEmpty;

constexpr int kClients = 4;
constexpr int kWatchers = 3;
constexpr int kRegisters = 3;

// What the checks said, by the name of the check.
using Findings = std::map<std::string, std::vector<std::string>>;

struct Work {
  int ops_each = 40;
  int compact_every = 0;            // Operations of a client; 0: never.
  std::function<void()> compact{};  // Thread-safe.
};

// Clients and watchers on one store for a while.
class Rig {
 public:
  Rig(Store* store, History* history, uint64_t seed, std::string life)
      : store_(store),
        history_(history),
        seed_(seed),
        life_(std::move(life)),
        begin_(store->revision()) {}

  void Run(const Work& work) {
    std::vector<std::thread> watchers;
    records_.resize(kWatchers);
    for (size_t w = 0; w < kWatchers; ++w)
      watchers.emplace_back([this, w] { Follow(w, &records_[w]); });
    std::vector<std::thread> clients;
    for (int c = 0; c < kClients; ++c)
      clients.emplace_back([this, c, &work] { RunClient(c, work); });
    for (std::thread& client : clients) client.join();
    done_ = true;
    for (std::thread& watcher : watchers) watcher.join();
  }

  // One list for each watcher: a new record wherever it began anew.
  const std::vector<std::vector<WatchRecord>>& records() const { return records_; }

 private:
  void RunClient(int number, const Work& work) {
    std::mt19937_64 random(seed_ * 101 + static_cast<uint64_t>(number));
    Client client(store_, history_, fmt::format("{}{}", life_, number));
    for (int i = 0; i < work.ops_each; ++i) {
      const std::string key = fmt::format("r{}", random() % kRegisters);
      if (random() % 3 == 0) {
        (void)client.Get(key);
        continue;
      }
      const CommitResult result =
          client.Commit(Next(&client, key, fmt::format("{}{}.{}", life_, number, i), &random),
                        random() % 15 == 0);
      if (absl::IsUnavailable(result.status)) return;
      if (work.compact_every > 0 && i % work.compact_every == 0) work.compact();
    }
  }

  Txn Next(Client* client, const std::string& key, const std::string& value,
           std::mt19937_64* random) {
    Txn txn;
    switch ((*random)() % 5) {
      case 0: {
        const std::optional<Version> now = client->Get(key);
        txn.preconditions.push_back(now ? MustBeAt(key, now->modified) : MustBeAbsent(key));
        txn.writes = {{key, value}};
        break;
      }
      case 1:
        txn.preconditions.push_back(MustBeAbsent(key));
        txn.writes = {{key, value}};
        break;
      case 2:
        txn.writes = {{key, std::nullopt}};
        break;
      case 3:
        txn.writes = {{key, value}, {"z" + key, value}};
        break;
      default:
        txn.writes = {{key, value}};
    }
    return txn;
  }

  // Watches ranges of its own, closes and resumes, lists again where it came too late.
  void Follow(size_t number, std::vector<WatchRecord>* records) {
    std::mt19937_64 random(seed_ * 57 + number);
    const std::string first = number == 0 ? "" : "r";
    const std::string last = number == 2 ? "s" : "";
    Revision at = begin_;
    for (bool over = false; !over;) {
      over = done_;
      WatchRecord record{.first = first, .last = last, .after = at, .steps = {}};
      const auto watcher = store_->Watch(first, last, at, [] {});
      absl::Status status = watcher.status();
      for (uint64_t rounds = 1 + random() % 20; status.ok() && rounds > 0; --rounds) {
        status = Drain(watcher->get(), &record);
        std::this_thread::yield();
        if (over && rounds == 1) over = done_;
      }
      if (watcher.ok()) at = (*watcher)->last_revision();
      if (absl::IsOutOfRange(status)) at = store_->revision();  // List again.
      records->push_back(std::move(record));
    }
  }

  Store* const store_;
  History* const history_;
  const uint64_t seed_;
  const std::string life_;
  const Revision begin_;
  std::atomic<bool> done_{false};
  std::vector<std::vector<WatchRecord>> records_;
};

void Find(Findings* findings, const std::string& check, const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  std::vector<std::string>& all = (*findings)[check];
  all.insert(all.end(), problems.begin(), problems.end());
}

void CheckWatches(const std::vector<std::vector<WatchRecord>>& watchers,
                  const std::vector<Batch>& log, Findings* findings, int64_t* events) {
  for (const std::vector<WatchRecord>& records : watchers) {
    for (const WatchRecord& record : records) {
      *events += CountChanges(record);
      for (const std::string& problem : CheckWatch(record, log))
        (*findings)["watch: " + problem.substr(0, problem.find(':'))].push_back(problem);
    }
  }
}

void CheckRegisters(const std::vector<Attempt>& attempts, const std::vector<Look>& looks,
                    Findings* findings) {
  for (int r = 0; r < kRegisters; ++r) {
    const std::string key = fmt::format("r{}", r);
    if (!IsLinearizable(RegisterOf(key, attempts, looks)))
      (*findings)["linearizable"].push_back(key + " has no order that explains it");
  }
}

// What a history came to.
struct Count {
  int64_t ops = 0;
  int64_t unknown = 0;
  int64_t events = 0;

  void Add(const std::vector<Attempt>& attempts, const std::vector<Look>& looks) {
    ops += static_cast<int64_t>(attempts.size() + looks.size());
    for (const Attempt& attempt : attempts)
      unknown += attempt.outcome == Attempt::Outcome::kUnknown ? 1 : 0;
  }
};

// What a store really did, also where its log is compacted: read before that.
class Truth {
 public:
  explicit Truth(Store* store) : store_(store), watcher_(*store->Watch("", "", 0, [] {})) {}

  // Keeps a few commits, so that slow watchers come too late.
  void Compact() {
    MutexLock lock(&mu_);
    const Revision floor = store_->FloorKeeping(30);  // Others go on writing.
    EXPECT_OK(Drain(watcher_.get(), &record_));
    EXPECT_OK(store_->Compact(floor));
  }
  std::vector<Batch> TakeLog() {
    MutexLock lock(&mu_);
    EXPECT_OK(Drain(watcher_.get(), &record_));
    std::vector<Batch> log;
    for (WatchRecord::Step& step : record_.steps) {
      if (!step.batch.changes.empty()) log.push_back(std::move(step.batch));
    }
    return log;
  }

 private:
  Store* const store_;
  Mutex mu_;
  const std::unique_ptr<Watcher> watcher_;
  WatchRecord record_ ABSL_GUARDED_BY(mu_);
};

// One life in memory; `bug` is between the clients and the store.
Findings RunInMemory(uint64_t seed, Bug bug, Work work, Count* count) {
  const std::unique_ptr<Store> inner = NewMemStore("e");
  const std::unique_ptr<Store> planted = bug == Bug::kNone ? nullptr : PlantBug(inner.get(), bug);
  Store* const store = planted ? planted.get() : inner.get();
  Truth truth(inner.get());
  work.compact = [&truth] { truth.Compact(); };
  History history;
  Rig rig(store, &history, seed, "c");
  rig.Run(work);
  const std::vector<Batch> log = truth.TakeLog();
  const std::vector<Attempt> attempts = history.TakeAttempts();
  const std::vector<Look> looks = history.TakeLooks();
  Findings findings;
  count->Add(attempts, looks);
  CheckWatches(rig.records(), log, &findings, &count->events);
  CheckRegisters(attempts, looks, &findings);
  Auditor auditor;
  Find(&findings, "history", auditor.Audit(log, attempts, looks));
  Find(&findings, "state", CompareState(store, auditor.state()));
  return findings;
}

// Two lives on a disk whose power goes: answers are lost for real.
Findings RunThroughPowerCut(uint64_t seed, Count* count) {
  const TempDir dir;
  const auto disk = std::make_shared<FaultFs>(seed);
  const RocksOptions options{
      .dir = dir / "db", .ballast_bytes = 0, .write_buffer_bytes = 64 << 10, .disk = disk};
  History history;
  Findings findings;
  std::vector<std::vector<WatchRecord>> records;
  for (int life = 0; life < 2; ++life) {
    auto store = OpenRocksStore(options);
    if (!store.ok()) return {{"open", {store.status().ToString()}}};
    if (life == 0) disk->CutAfter(static_cast<int64_t>(20 + seed % 150));
    Rig rig(store->get(), &history, seed * 2 + static_cast<uint64_t>(life),
            fmt::format("c{}-", life));
    rig.Run({});
    for (const std::vector<WatchRecord>& one : rig.records()) records.push_back(one);
    store->reset();
    disk->CutAfter(0);
    disk->PowerOn();
  }
  const auto store = OpenRocksStore(options);
  const auto log = store.ok() ? ReadLogOf(store->get(), 0) : store.status();
  if (!log.ok()) return {{"open", {log.status().ToString()}}};
  const std::vector<Attempt> attempts = history.TakeAttempts();
  const std::vector<Look> looks = history.TakeLooks();
  count->Add(attempts, looks);
  CheckWatches(records, *log, &findings, &count->events);
  CheckRegisters(attempts, looks, &findings);
  Auditor auditor;
  Find(&findings, "history", auditor.Audit(*log, attempts, looks));
  Find(&findings, "state", CompareState(store->get(), auditor.state()));
  return findings;
}

TEST(HistoryTest, EveryHistoryHasAnOrder) {
  const int64_t histories = CountOf(500, 5000);
  const uint64_t seed = SeedOf(20260304);
  Count count;
  for (int64_t i = 0; i < histories && !HasFailure(); ++i) {
    const uint64_t one = seed + static_cast<uint64_t>(i);
    SCOPED_TRACE(fmt::format("seed {}", one));
    const Work work{.ops_each = 40, .compact_every = i % 3 == 0 ? 10 : 0};
    const Findings findings =
        i % 4 == 0 ? RunThroughPowerCut(one, &count) : RunInMemory(one, Bug::kNone, work, &count);
    EXPECT_THAT(findings, IsEmpty());
  }
  Reached(
      "{} histories, one in four through a power cut: {} operations, {} of unknown outcome, all "
      "explained",
      histories, count.ops, count.unknown);
}

TEST(HistoryTest, EveryWatchKeepsItsNinePromises) {
  const int64_t events = CountOf(100'000, 1'000'000);
  const uint64_t seed = SeedOf(20260305);
  Count count;
  for (uint64_t i = 0; count.events < events && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("seed {}", seed + i));
    const Work work{.ops_each = 400, .compact_every = i % 2 == 0 ? 25 : 0};
    const Findings findings = RunInMemory(seed + i, Bug::kNone, work, &count);
    EXPECT_THAT(findings, IsEmpty());
  }
  Reached("{} watch events through the nine checks, 0 violations", count.events);
}

// Which checks find a bug in a few histories.
std::set<std::string> FoundBy(Bug bug) {
  std::set<std::string> checks;
  Count count;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    for (const auto& [check, problems] : RunInMemory(seed, bug, {}, &count)) checks.insert(check);
  }
  return checks;
}

// The check that is there for a bug; tests/proof/README.md has the same table.
const std::map<Bug, std::string>& CheckFor() {
  static const auto* const checks =
      new std::map<Bug, std::string>{{Bug::kLostWrite, "linearizable"},
                                     {Bug::kStaleRead, "linearizable"},
                                     {Bug::kPreconditionIgnored, "history"},
                                     {Bug::kRevisionReused, "history"},
                                     {Bug::kResurrectedDelete, "history"},
                                     {Bug::kHalfTransaction, "history"},
                                     {Bug::kRefusedButWritten, "history"},
                                     {Bug::kDirtyRead, "history"},
                                     {Bug::kWrittenTwice, "history"},
                                     {Bug::kDuplicateEvent, "watch: unique"},
                                     {Bug::kSkippedEvent, "watch: reliable"},
                                     {Bug::kReorderedEvents, "watch: ordered"},
                                     {Bug::kSplitTransaction, "watch: atomic"},
                                     {Bug::kWrongPrevious, "watch: previous"},
                                     {Bug::kEventOutOfRange, "watch: filtered"},
                                     {Bug::kBookmarkTooEarly, "watch: bookmarkable"},
                                     {Bug::kResumeSkipsOne, "watch: resumable"},
                                     {Bug::kForgottenCreation, "watch: create"}};
  return *checks;
}

TEST(HistoryTest, EveryPlantedBugIsFound) {
  size_t found = 0;
  for (const Bug bug : AllBugs()) {
    const std::set<std::string> checks = FoundBy(bug);
    EXPECT_TRUE(checks.contains(CheckFor().at(bug)))
        << NameOf(bug) << " was found by: " << testing::PrintToString(checks);
    found += checks.empty() ? 0 : 1;
  }
  Reached("{} of {} planted bugs found", found, AllBugs().size());
}

RegisterOp Write(int64_t start, int64_t end, const std::string& value) {
  return {.start = start, .end = end, .expected = {}, .written = value};
}
RegisterOp Read(int64_t start, int64_t end, RegisterOp::Value value) {
  return {.start = start, .end = end, .expected = value, .written = {}};
}

TEST(LinearizableTest, KnowsWhatCanBeExplained) {
  EXPECT_TRUE(IsLinearizable({}));
  EXPECT_TRUE(IsLinearizable({Write(1, 4, "a"), Read(2, 3, std::nullopt), Read(2, 5, "a")}));
  EXPECT_FALSE(IsLinearizable({Write(1, 2, "a"), Read(3, 4, std::nullopt)})) << "stale";
  EXPECT_FALSE(IsLinearizable({Write(1, 2, "a"), Write(3, 4, "b"), Read(5, 6, "a")})) << "lost";
  // New, then old again.
  EXPECT_FALSE(
      IsLinearizable({Write(1, 2, "a"), Write(3, 10, "b"), Read(4, 5, "b"), Read(6, 7, "a")}));
  // Never answered: it may take effect late, or never.
  EXPECT_TRUE(IsLinearizable({Write(1, kNever, "a"), Read(2, 3, std::nullopt), Read(4, 5, "a")}));
  EXPECT_TRUE(IsLinearizable({Write(1, kNever, "a"), Read(2, 3, std::nullopt)}));
  EXPECT_FALSE(IsLinearizable({Read(2, 3, "a"), Write(4, kNever, "a")})) << "before it began";
  RegisterOp refused{.start = 3,
                     .end = 4,
                     .expected = RegisterOp::Value(),
                     .written = "b",
                     .outcome = RegisterOp::Outcome::kRefused};
  EXPECT_TRUE(IsLinearizable({Write(1, 2, "a"), refused}));
  EXPECT_FALSE(IsLinearizable({refused})) << "refused for no reason";
}

}  // namespace
}  // namespace reeve::store
