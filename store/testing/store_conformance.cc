#include "store/testing/store_conformance.h"

#include <iostream>

#include "base/executor.h"
#include "base/status.h"
#include "base/testing/status_matchers.h"
#include "store/testing/store_model.h"

namespace reeve::store {

using testing::ElementsAre;
using testing::IsEmpty;

Txn Put(std::string key, std::string value) {
  Txn txn;
  txn.writes.push_back({std::move(key), std::move(value)});
  return txn;
}

Txn Delete(std::string key) {
  Txn txn;
  txn.writes.push_back({std::move(key), std::nullopt});
  return txn;
}

Txn With(Txn txn, Precondition precondition) {
  txn.preconditions.push_back(std::move(precondition));
  return txn;
}

Txn Ephemeral(Txn txn) {
  txn.durable = false;
  return txn;
}

std::string ParamName(const testing::TestParamInfo<ConformanceParam>& param) {
  return param.param.name;
}

// A binary may use the helpers alone.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

void StoreConformance::SetUp() {
  home_ = GetParam().make_home();
  Reopen();
}

void StoreConformance::Reopen() {
  store_.reset();
  ASSERT_OK_AND_ASSIGN(store_, home_->Open());
}

namespace {

// "key=value@modified/created" of everything in the range.
std::vector<std::string> Contents(Store* store, Revision at = 0, std::string_view first = "",
                                  std::string_view last = "") {
  std::vector<std::string> contents;
  const auto view = store->Read(at);
  EXPECT_OK(view);
  if (!view.ok()) return contents;
  EXPECT_OK((*view)->Scan(first, last, [&](const Version& v) {
    contents.push_back(fmt::format("{}={}@{}/{}", v.key, v.value, v.modified, v.created));
    return true;
  }));
  return contents;
}

std::string ToText(const Change& change) {
  std::string text = fmt::format("{}{}", change.deleted ? "-" : "+", change.version.key);
  if (!change.deleted) text += "=" + change.version.value;
  if (change.previous)
    text += fmt::format("(was {}@{})", change.previous->value, change.previous->modified);
  return text;
}

// "revision:changes" of everything that the watcher has now.
std::vector<std::string> Drain(Watcher* watcher) {
  std::vector<std::string> batches;
  for (;;) {
    const auto batch = watcher->Next();
    EXPECT_OK(batch);
    if (!batch.ok() || !*batch) return batches;
    std::string text = fmt::format("{}:", (*batch)->revision);
    for (const Change& change : (*batch)->changes) text += " " + ToText(change);
    batches.push_back(text);
  }
}

TEST_P(StoreConformance, CommitsGetConsecutiveRevisions) {
  EXPECT_EQ(store_->revision(), 0);
  EXPECT_EQ(store_->Commit(Put("a", "1")).revision, 1);
  EXPECT_EQ(store_->Commit(Put("b", "2")).revision, 2);
  EXPECT_EQ(store_->Commit(Put("a", "3")).revision, 3);
  EXPECT_EQ(store_->revision(), 3);
  EXPECT_THAT(Contents(store_.get()), ElementsAre("a=3@3/1", "b=2@2/2"));
}

TEST_P(StoreConformance, DeletingAndCreatingAgainStartsANewLife) {
  store_->Commit(Put("a", "1"));
  store_->Commit(Delete("a"));
  EXPECT_THAT(Contents(store_.get()), IsEmpty());
  store_->Commit(Put("a", "2"));
  EXPECT_THAT(Contents(store_.get()), ElementsAre("a=2@3/3"));
}

TEST_P(StoreConformance, WhatChangesNothingUsesNoRevision) {
  store_->Commit(Put("a", "1"));
  EXPECT_EQ(store_->Commit(Delete("absent")).revision, 1);
  EXPECT_EQ(store_->Commit(With(Txn(), MustBePresent("a"))).revision, 1);
  EXPECT_EQ(store_->revision(), 1);
}

TEST_P(StoreConformance, EveryFailedPreconditionIsReportedWithWhatIsThere) {
  store_->Commit(Put("a", "1"));
  Txn txn = Put("b", "2");
  txn.preconditions = {MustBeAbsent("a"), MustBePresent("c"), MustBeAt("a", 7),
                       MustBeAt("a", 1),  MustBeAt("c", 1),   MustBeAbsent("b")};
  const CommitResult result = store_->Commit(txn);
  EXPECT_THAT(result.status, IsError(absl::StatusCode::kAborted, "4 of 6 preconditions"));
  ASSERT_EQ(result.failed.size(), 4);
  EXPECT_EQ(result.failed[0].precondition.key, "a");
  EXPECT_EQ(result.failed[0].present->value, "1");
  EXPECT_EQ(result.failed[0].present->modified, 1);
  EXPECT_EQ(result.failed[1].present, std::nullopt);
  EXPECT_EQ(result.failed[2].precondition.modified, 7);
  EXPECT_EQ(result.failed[3].precondition.key, "c");
  EXPECT_THAT(Contents(store_.get()), ElementsAre("a=1@1/1"));
}

TEST_P(StoreConformance, AKeyWrittenTwiceIsRefusedWhole) {
  Txn txn = Put("a", "1");
  txn.writes.push_back({"b", "2"});
  txn.writes.push_back({"a", std::nullopt});
  txn.writes.push_back({"a", "3"});
  EXPECT_THAT(store_->Commit(txn).status,
              IsError(absl::StatusCode::kInvalidArgument, "\"a\" twice"));
  EXPECT_THAT(Contents(store_.get()), IsEmpty());
}

TEST_P(StoreConformance, ScanTakesTheRangeInOrderUntilToldToStop) {
  for (const char* key : {"b", "a", "bb", "c", "ba"}) store_->Commit(Put(key, ""));
  EXPECT_THAT(Contents(store_.get(), 0, "b", "bb"), ElementsAre("b=@1/1", "ba=@5/5"));
  EXPECT_THAT(Contents(store_.get(), 0, "bb"), ElementsAre("bb=@3/3", "c=@4/4"));
  EXPECT_THAT(Contents(store_.get(), 0, "c", "b"), IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto view, store_->Read());
  int visited = 0;
  EXPECT_OK(view->Scan("", "", [&](const Version&) { return ++visited < 2; }));
  EXPECT_EQ(visited, 2);
}

TEST_P(StoreConformance, AViewStaysAsItWas) {
  store_->Commit(Put("a", "1"));
  ASSERT_OK_AND_ASSIGN(const auto view, store_->Read());
  store_->Commit(Put("a", "2"));
  ASSERT_OK(store_->Compact(2));
  ASSERT_OK_AND_ASSIGN(const auto version, view->Get("a"));
  EXPECT_EQ(version->value, "1");
  EXPECT_EQ(view->revision(), 1);
}

TEST_P(StoreConformance, OldRevisionsAreReadUntilCompacted) {
  store_->Commit(Put("a", "1"));
  store_->Commit(Put("b", "2"));
  store_->Commit(Put("a", "3"));
  store_->Commit(Delete("b"));
  EXPECT_THAT(Contents(store_.get(), 2), ElementsAre("a=1@1/1", "b=2@2/2"));
  EXPECT_THAT(Contents(store_.get(), 3), ElementsAre("a=3@3/1", "b=2@2/2"));
  ASSERT_OK(store_->Compact(3));
  EXPECT_EQ(store_->floor(), 3);
  EXPECT_THAT(store_->Read(2), IsError(absl::StatusCode::kOutOfRange, "compacted"));
  EXPECT_THAT(store_->Read(5), IsError(absl::StatusCode::kOutOfRange, "ahead"));
  EXPECT_THAT(Contents(store_.get(), 3), ElementsAre("a=3@3/1", "b=2@2/2"));
  EXPECT_THAT(store_->Compact(5), IsError(absl::StatusCode::kOutOfRange, "the store is at 4"));
  Reopen();
  EXPECT_EQ(store_->floor(), 3);
  EXPECT_THAT(Contents(store_.get(), 3), ElementsAre("a=3@3/1", "b=2@2/2"));
}

TEST_P(StoreConformance, KeysAreAnyBytes) {
  const std::string zero("\0", 1);
  const std::string high = "\xff\xff";
  for (const std::string& key :
       {std::string("a"), "a" + zero, "a" + zero + "\x01", "a" + high, high, zero, std::string()}) {
    store_->Commit(Put(key, "v"));
  }
  const auto now = Contents(store_.get());
  EXPECT_EQ(now.size(), 7);
  store_->Commit(Put("b", ""));
  EXPECT_EQ(Contents(store_.get(), 7), now);
  EXPECT_THAT(Contents(store_.get(), 7, "a", "a" + zero), ElementsAre("a=v@1/1"));
}

TEST_P(StoreConformance, HistoryOutlivesCompaction) {
  for (const char* value : {"1", "2", "3"}) store_->Commit(Put("a", value));
  Txn gone = Delete("a");
  gone.time = absl::FromUnixSeconds(7);
  gone.author = "me";
  store_->Commit(gone);
  store_->Commit(Put("a", "5"));
  store_->Commit(Put("z", ""));
  ASSERT_OK(store_->Compact(6));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const auto history, store_->History("a", 4));
  ASSERT_EQ(history.size(), 4);
  EXPECT_EQ(history[0].version.value, "5");
  EXPECT_FALSE(history[0].deleted);
  EXPECT_EQ(history[0].time, absl::InfinitePast());
  EXPECT_TRUE(history[1].deleted);
  EXPECT_EQ(history[1].version.modified, 4);
  EXPECT_EQ(history[1].time, gone.time);
  EXPECT_EQ(history[1].author, "me");
  EXPECT_EQ(history[2].version.value, "3");
  EXPECT_EQ(history[2].version.modified, 3);
  EXPECT_EQ(history[2].version.created, 1);
  EXPECT_EQ(history[3].version.value, "2");
  ASSERT_OK_AND_ASSIGN(const auto none, store_->History("b", 2));
  EXPECT_THAT(none, IsEmpty());
}

TEST_P(StoreConformance, HistoryIsBounded) {
  const auto kept = [this] {
    Reopen();
    const auto history = store_->History("a", 100);
    return history.ok() ? history->size() : 0;
  };
  for (int i = 1; i <= 6; ++i) {
    Txn txn = Put("a", std::to_string(i));
    txn.time = absl::FromUnixSeconds(i);
    store_->Commit(txn);
  }
  for (int i = 0; i < 3; ++i) store_->Commit(Put("z", ""));
  ASSERT_OK(store_->Compact(7, {.from = absl::FromUnixSeconds(3)}));
  EXPECT_EQ(kept(), 4);  // 3 to 6.
  ASSERT_OK(store_->Compact(8, {.versions_max = 2}));
  EXPECT_EQ(kept(), 3);
  ASSERT_OK(store_->Compact(9, {.bytes_max = 0}));
  EXPECT_EQ(kept(), 1);
}

TEST_P(StoreConformance, AWatchDeliversCommitsWholeAndInOrder) {
  ASSERT_OK_AND_ASSIGN(const auto watcher, store_->Watch("a", "c", 0, [] {}));
  EXPECT_THAT(Drain(watcher.get()), IsEmpty());
  Txn txn = Put("b", "2");
  txn.writes.push_back({"a", "1"});
  txn.writes.push_back({"c", "outside"});
  store_->Commit(txn);
  store_->Commit(Put("c", "outside"));
  Txn second = Delete("a");
  second.writes.push_back({"b", "3"});
  store_->Commit(second);
  EXPECT_THAT(Drain(watcher.get()), ElementsAre("1: +a=1 +b=2", "3: -a(was 1@1) +b=3(was 2@1)"));
  store_->Commit(Put("z", ""));
  EXPECT_THAT(Drain(watcher.get()), IsEmpty());
  EXPECT_EQ(watcher->last_revision(), 4);
}

TEST_P(StoreConformance, AWatchResumesAfterReopening) {
  store_->Commit(Put("a", "1"));
  store_->Commit(Put("a", "2"));
  store_->Commit(Delete("a"));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const auto watcher, store_->Watch("", "", 1, [] {}));
  EXPECT_THAT(Drain(watcher.get()), ElementsAre("2: +a=2(was 1@1)", "3: -a(was 2@2)"));
  store_->Commit(Put("a", "4"));
  EXPECT_THAT(Drain(watcher.get()), ElementsAre("4: +a=4"));
}

TEST_P(StoreConformance, AWatchOutsideWhatIsKeptIsOutOfRange) {
  for (const char* value : {"1", "2", "3"}) store_->Commit(Put("a", value));
  ASSERT_OK(store_->Compact(2));
  EXPECT_THAT(store_->Watch("", "", 1, [] {}),
              IsError(absl::StatusCode::kOutOfRange, "list again"));
  EXPECT_THAT(store_->Watch("", "", 4, [] {}), IsError(absl::StatusCode::kOutOfRange, "ahead"));
  ASSERT_OK_AND_ASSIGN(const auto watcher, store_->Watch("", "", 2, [] {}));
  EXPECT_THAT(Drain(watcher.get()), ElementsAre("3: +a=3(was 2@2)"));
}

TEST_P(StoreConformance, AWatcherBelowTheFloorDies) {
  store_->Commit(Put("a", "1"));
  ASSERT_OK_AND_ASSIGN(const auto watcher, store_->Watch("", "", 0, [] {}));
  store_->Commit(Put("a", "2"));
  ASSERT_OK(store_->Compact(2));
  EXPECT_THAT(watcher->Next(), IsError(absl::StatusCode::kOutOfRange, "compacted"));
  EXPECT_THAT(watcher->Next(), IsError(absl::StatusCode::kOutOfRange, "compacted"));
}

TEST_P(StoreConformance, OnlyTouchedWatchersAreWoken) {
  int a = 0;
  int b = 0;
  ASSERT_OK_AND_ASSIGN(const auto watch_a, store_->Watch("a", "b", 0, [&] { ++a; }));
  {
    ASSERT_OK_AND_ASSIGN(const auto watch_b, store_->Watch("b", "c", 0, [&] { ++b; }));
    store_->Commit(Put("b", "1"));
  }
  store_->Commit(Put("b", "2"));
  EXPECT_EQ(a, 0);
  EXPECT_EQ(b, 1);
}

TEST_P(StoreConformance, EverythingSurvivesReopening) {
  const std::string epoch = store_->epoch();
  store_->Commit(Put("a", "1"));
  store_->Commit(Ephemeral(Put("b", "2")));
  Reopen();
  EXPECT_EQ(store_->epoch(), epoch);
  EXPECT_EQ(store_->revision(), 2);
  EXPECT_THAT(Contents(store_.get()), ElementsAre("a=1@1/1", "b=2@2/2"));
  EXPECT_EQ(store_->Commit(Put("c", "3")).revision, 3);
  EXPECT_OK(store_->Writable());
}

TEST_P(StoreConformance, BehavesAsTheModelDoes) {
  int64_t compared = 0;
  for (int i = 0; i < GetParam().model_seeds && !HasFailure(); ++i) {
    const uint64_t seed = 20260101 + static_cast<uint64_t>(i);
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto home = GetParam().make_home();
    compared += RunAgainstModel(home.get(), seed, GetParam().model_steps / kBuildSlowness);
  }
  EXPECT_GT(compared, 0);
  std::cout << GetParam().name << ": seeds from 20260101, " << compared << " answers compared\n";
}

// Adds 1 to `key`, trying again whenever another was faster.
void Increment(Store* store, const std::string& key) {
  for (;;) {
    const auto view = store->Read();
    ASSERT_OK(view);
    const auto version = (*view)->Get(key);
    ASSERT_OK(version);
    const int64_t value = *version ? std::stoll((*version)->value) : 0;
    const CommitResult result =
        store->Commit(With(Put(key, std::to_string(value + 1)),
                           *version ? MustBeAt(key, (*version)->modified) : MustBeAbsent(key)));
    if (result.status.ok()) return;
    ASSERT_EQ(result.status.code(), absl::StatusCode::kAborted) << result.status;
  }
}

TEST_P(StoreConformance, RacingIncrementsLoseNone) {
  constexpr int kThreads = 8;
  const std::vector<std::string> keys = {"x", "y", "z"};
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.push_back(std::make_unique<Thread>("incrementer", [&, t] {
        for (int i = 0; i < GetParam().increments; ++i) {
          Increment(store_.get(), keys[static_cast<size_t>(t + i) % keys.size()]);
        }
      }));
    }
  }
  int64_t sum = 0;
  ASSERT_OK_AND_ASSIGN(const auto view, store_->Read());
  ASSERT_OK(view->Scan("", "", [&](const Version& version) {
    sum += std::stoll(version.value);
    return true;
  }));
  EXPECT_EQ(sum, kThreads * GetParam().increments);
  EXPECT_EQ(store_->revision(), sum);
}

// A watcher on its own thread, woken by the store, sees every commit once and in order while eight
// writers race.
TEST_P(StoreConformance, AWatcherBesideRacingWritersMissesNothing) {
  constexpr int kThreads = 8;
  const Revision total = kThreads * GetParam().increments;
  Notification woken;
  ASSERT_OK_AND_ASSIGN(const auto watcher, store_->Watch("", "", 0, [&] { woken.Notify(); }));
  std::vector<std::unique_ptr<Thread>> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.push_back(std::make_unique<Thread>("writer", [&, t] {
      for (int i = 0; i < GetParam().increments; ++i) {
        EXPECT_OK(store_->Commit(Put(fmt::format("k{}", t), std::to_string(i))).status);
      }
    }));
  }
  Revision seen = 0;
  while (seen < total && !HasFailure()) {
    ASSERT_OK_AND_ASSIGN(const auto batch, watcher->Next());
    if (!batch) {
      EXPECT_TRUE(woken.WaitFor(absl::Seconds(30))) << "no wake-up after revision " << seen;
      continue;
    }
    EXPECT_EQ(batch->revision, ++seen);
    EXPECT_GE(store_->revision(), batch->revision);
  }
}

}  // namespace
}  // namespace reeve::store
