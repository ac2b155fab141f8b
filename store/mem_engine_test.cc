#include "store/mem_engine.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "base/testing/status_matchers.h"

namespace reeve::store {
namespace {

using Contents = std::map<std::string, std::string>;

Contents Scan(const EngineSnapshot& data, std::string_view first = "", std::string_view last = "") {
  Contents contents;
  EXPECT_OK(data.Scan(first, last, [&](std::string_view key, std::string_view value) {
    contents.emplace(key, value);
    return true;
  }));
  return contents;
}

EngineBatch PutBatch(std::string key, std::string value) {
  EngineBatch batch;
  batch.Put(std::move(key), std::move(value));
  return batch;
}

TEST(MemEngineTest, BehavesAsAMapAndSnapshotsStay) {
  std::mt19937_64 random(7);
  const auto key = [&random] { return std::to_string(random() % 300); };
  MemEngine engine;
  Contents model;
  std::vector<std::pair<std::shared_ptr<const EngineSnapshot>, Contents>> snapshots;
  for (int i = 0; i < 5000; ++i) {
    EngineBatch batch;
    const std::string a = key();
    const std::string b = key();
    if (i % 50 == 0 && a < b) {
      batch.DeleteRange(a, b);
      model.erase(model.lower_bound(a), model.lower_bound(b));
    } else if (i % 3 == 0) {
      batch.Delete(a);
      model.erase(a);
    }
    batch.Put(b, std::to_string(i));
    model[b] = std::to_string(i);
    ASSERT_OK(engine.Write(batch, false));
    if (i % 500 == 0) snapshots.emplace_back(engine.Snapshot(), model);
  }
  snapshots.emplace_back(engine.Snapshot(), model);
  for (const auto& [snapshot, contents] : snapshots) EXPECT_EQ(Scan(*snapshot), contents);
  EXPECT_EQ(Scan(*engine.Snapshot(), "1", "2"),
            Contents(model.lower_bound("1"), model.lower_bound("2")));
}

TEST(MemEngineTest, ACrashTakesWhatWasNotSynced) {
  MemEngine engine;
  ASSERT_OK(engine.Write(PutBatch("a", "1"), true));
  ASSERT_OK(engine.Write(PutBatch("b", "2"), false));
  const auto clone = engine.Clone();
  engine.Crash();
  EXPECT_EQ(Scan(*engine.Snapshot()), (Contents{{"a", "1"}}));
  EXPECT_EQ(Scan(*clone->Snapshot()), (Contents{{"a", "1"}, {"b", "2"}}));
}

TEST(MemEngineTest, AFailedWriteChangesNothing) {
  MemEngine engine;
  engine.FailWrites(absl::InternalError("broken"));
  EXPECT_THAT(engine.Write(PutBatch("a", "1"), true),
              IsError(absl::StatusCode::kInternal, "broken"));
  EXPECT_EQ(Scan(*engine.Snapshot()), Contents{});
}

}  // namespace
}  // namespace reeve::store
