// The power goes at any moment while clients write, and calls of the disk fail: what was
// acknowledged is there, what was not is there whole or not at all. tests/proof/README.md.
#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/fault_fs.h"
#include "store/testing/history.h"
#include "store/testing/soak.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

using testing::IsEmpty;

constexpr int kClients = 3;
constexpr int kSharedKeys = 6;
constexpr size_t kValueBytesMax = 3000;
constexpr uint64_t kWriteBufferBytes = 64 << 10;  // RocksDB's least: tables are written often.

// One life of the store under load: from its opening to the cut, the fault, or the end of the work.
class Load {
 public:
  Load(Store* store, History* history, uint64_t seed, int life)
      : store_(store), history_(history), seed_(seed), life_(life) {}

  void Run(int commits_each) {
    std::vector<std::thread> threads;
    for (int c = 0; c < kClients; ++c)
      threads.emplace_back([this, c, commits_each] { RunClient(c, commits_each); });
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void RunClient(int number, int commits) {
    std::mt19937_64 random(seed_ * 31 + static_cast<uint64_t>(life_ * kClients + number));
    Client client(store_, history_, fmt::format("{}-{}", life_, number));
    for (int i = 0; i < commits; ++i) {
      const CommitResult result = client.Commit(Next(&client, &random));
      if (absl::IsUnavailable(result.status)) return;
      // Below what the check reads afterwards.
      if (random() % 40 == 0) (void)store_->Compact(std::min(begin_, store_->FloorKeeping(50)));
    }
  }

  Txn Next(Client* client, std::mt19937_64* random) {
    Txn txn;
    txn.durable = (*random)() % 5 != 0;
    const std::string key = fmt::format("k{}", (*random)() % kSharedKeys);
    const std::string value((*random)() % kValueBytesMax,
                            static_cast<char>('a' + (*random)() % 26));
    switch ((*random)() % 4) {
      case 0:  // A claim and what it is for.
        txn.preconditions.push_back(MustBeAbsent(key));
        txn.writes = {{key, value}, {"claim/" + key, value.substr(0, 10)}};
        break;
      case 1:  // Together they go.
        txn.writes = {{key, std::nullopt}, {"claim/" + key, std::nullopt}};
        break;
      case 2: {  // Change what was read.
        const std::optional<Version> now = client->Get(key);
        txn.preconditions.push_back(now ? MustBeAt(key, now->modified) : MustBeAbsent(key));
        txn.writes = {{key, value}};
        break;
      }
      default:
        txn.writes = {{key, value}, {"twin/" + key, value}};
    }
    return txn;
  }

  Store* const store_;
  History* const history_;
  const uint64_t seed_;
  const int life_;
  const Revision begin_ = store_->revision();
};

// A store on a disk that fails, through many lives.
class Trial {
 public:
  explicit Trial(uint64_t seed)
      : random_(seed), seed_(seed), disk_(std::make_shared<FaultFs>(seed)) {}

  // Opens it and compares it with what clients were told; nullptr when that failed as `may_fail`
  // says.
  std::unique_ptr<Store> Open(bool may_fail) {
    auto store = OpenRocksStore({.dir = dir_ / "db",
                                 .ballast_bytes = 0,
                                 .write_buffer_bytes = kWriteBufferBytes,
                                 .disk = disk_});
    if (!store.ok() && !may_fail) ADD_FAILURE() << "refused to start: " << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  void Check(Store* store) {
    const auto log = ReadLogOf(store, resume_at_);
    ASSERT_OK(log);
    EXPECT_THAT(auditor_.Audit(*log, history_.TakeAttempts(), history_.TakeLooks()), IsEmpty());
    EXPECT_THAT(CompareState(store, auditor_.state()), IsEmpty());
    EXPECT_GE(store->revision(), shown_) << "revisions go back";
    resume_at_ = store->revision();
    shown_ = std::max(shown_, resume_at_);
  }

  void Work(Store* store, int commits_each) {
    auditor_.Begin(store->revision());
    Load(store, &history_, seed_, life_++).Run(commits_each);
    shown_ = std::max(shown_, store->revision());
  }

  uint64_t Random(uint64_t below) { return random_() % below; }
  FaultFs* disk() { return disk_.get(); }
  const Auditor& auditor() const { return auditor_; }

 private:
  std::mt19937_64 random_;
  const uint64_t seed_;
  const TempDir dir_;
  const std::shared_ptr<FaultFs> disk_;
  History history_;
  Auditor auditor_;
  Revision resume_at_ = 0;
  Revision shown_ = 0;  // The highest that anybody saw.
  int life_ = 0;
};

TEST(PowerCutTest, AcknowledgedWritesSurvive) {
  const int64_t cuts = CountOf(100, 1000);
  const uint64_t seed = SeedOf(20260301);
  int64_t while_opening = 0;
  Trial trial(seed);
  for (int64_t cut = 0; cut < cuts && !testing::Test::HasFailure(); ++cut) {
    SCOPED_TRACE(fmt::format("seed {}, cut {}", seed, cut));
    // Every fourth hits the opening.
    trial.disk()->CutAfter(static_cast<int64_t>(1 + trial.Random(cut % 4 == 0 ? 40 : 600)));
    if (const auto store = trial.Open(/*may_fail=*/true)) {
      trial.Work(store.get(), 400);
    } else {
      ++while_opening;
    }
    trial.disk()->CutAfter(0);
    trial.disk()->PowerOn();
    const auto store = trial.Open(/*may_fail=*/false);
    ASSERT_NE(store, nullptr);
    trial.Check(store.get());
  }
  Reached("{} power cuts, {} of them while opening: {} commits in the log, {} acknowledged, 0 lost",
          cuts, while_opening, trial.auditor().commits(), trial.auditor().acknowledged());
}

TEST(PowerCutTest, AFailingDiskStopsAcknowledgements) {
  constexpr FaultFs::Call kFaults[] = {FaultFs::Call::kSync, FaultFs::Call::kWrite,
                                       FaultFs::Call::kCreate, FaultFs::Call::kRename,
                                       FaultFs::Call::kSyncDir};
  const int64_t faults = CountOf(60, 600);
  const uint64_t seed = SeedOf(20260302);
  int64_t happened = 0;
  Trial trial(seed);
  for (int64_t i = 0; i < faults && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("seed {}, fault {}", seed, i));
    const FaultFs::Call call = kFaults[i % std::size(kFaults)];
    const bool many = call == FaultFs::Call::kSync || call == FaultFs::Call::kWrite;
    trial.disk()->Fail(call, static_cast<int64_t>(1 + trial.Random(many ? 200 : 10)),
                       static_cast<int64_t>(1 + trial.Random(3)));
    if (const auto store = trial.Open(/*may_fail=*/true)) trial.Work(store.get(), 200);
    happened += trial.disk()->failed() ? 1 : 0;
    // Half of the machines also lose power: only then what the failed sync was for is seen missing.
    if (i % 2 == 0) trial.disk()->CutAfter(0);
    trial.disk()->PowerOn();
    const auto store = trial.Open(/*may_fail=*/false);
    ASSERT_NE(store, nullptr);
    trial.Check(store.get());
  }
  EXPECT_GT(happened, faults / 4);
  Reached(
      "{} disk faults (sync, write, create, rename, sync of a directory): {} acknowledged, 0 lost",
      happened, trial.auditor().acknowledged());
}

}  // namespace
}  // namespace reeve::store
