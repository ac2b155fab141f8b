#include "store/retention.h"

#include <gmock/gmock.h>

namespace reeve::store {
namespace {

using testing::ElementsAre;

struct Kind {
  bool deleted = false;
  bool ephemeral = false;
  bool minor = false;
};

class RetentionTest : public testing::Test {
 protected:
  void Offer(const std::string& key, Revision revision, Kind kind = {}) {
    const StoredVersion version{kind.deleted, kind.ephemeral, 1, "", kind.minor};
    if (retention_.Keep({key, revision}, version)) kept_.push_back(key + std::to_string(revision));
  }

  Retention retention_{{.floor = 50, .oldest = 15, .versions_max = 1}};
  std::vector<std::string> kept_;
};

TEST(RevisionBeforeTest, CountsCommitsAndNotRevisions) {
  EXPECT_EQ(RevisionBefore(5, 25, {}), 20);
  EXPECT_EQ(RevisionBefore(30, 25, {}), 0);
  const std::map<Revision, Revision> gaps = {{10, 20}};
  EXPECT_EQ(RevisionBefore(4, 25, gaps), 21);
  EXPECT_EQ(RevisionBefore(5, 25, gaps), 10);
  EXPECT_EQ(RevisionBefore(6, 25, gaps), 9);
  // Two unclean stops with nothing between them.
  EXPECT_EQ(RevisionBefore(2, 41, {{10, 20}, {20, 40}}), 9);
  EXPECT_EQ(RevisionBefore(0, 40, {{10, 40}}), 10);
}

TEST_F(RetentionTest, KeepsWhatIsAboveTheFloorTheBaseAndSomeHistory) {
  for (const Revision revision : {70, 60, 40, 30, 20}) Offer("a", revision);
  for (const Revision revision : {50, 10}) Offer("b", revision);
  EXPECT_THAT(kept_, ElementsAre("a70", "a60", "a40", "a30", "b50"));
}

TEST_F(RetentionTest, HistoryHasNoEphemeralVersions) {
  Offer("a", 40, {.ephemeral = true});
  Offer("a", 30, {.ephemeral = true});
  Offer("a", 20);
  EXPECT_THAT(kept_, ElementsAre("a40", "a20"));
}

TEST_F(RetentionTest, MinorVersionsDoNotPushOutOthers) {
  Offer("a", 50, {.minor = true});
  for (const Revision revision : {40, 39, 38}) Offer("a", revision, {.minor = true});
  for (const Revision revision : {30, 20}) Offer("a", revision);
  EXPECT_THAT(kept_, ElementsAre("a50", "a40", "a30"));
}

TEST(RetentionByTimeTest, KeepsWhatWasSoThen) {
  Retention retention({.floor = 50, .versions_max = 9, .from = absl::FromUnixSeconds(100)});
  const auto keep = [&](const std::string& key, Revision revision, int64_t seconds,
                        bool deleted = false) {
    const StoredVersion version{.deleted = deleted, .time = absl::FromUnixSeconds(seconds)};
    return retention.Keep({key, revision}, version);
  };
  EXPECT_TRUE(keep("a", 60, 130));
  EXPECT_TRUE(keep("a", 40, 120));
  EXPECT_TRUE(keep("a", 30, 90));  // How it was at 100.
  EXPECT_FALSE(keep("a", 20, 80));
  EXPECT_TRUE(keep("b", 40, 50));  // The base.
  EXPECT_FALSE(keep("b", 30, 40));
  EXPECT_FALSE(keep("c", 40, 99, /*deleted=*/true));
  EXPECT_FALSE(keep("c", 30, 40));
  EXPECT_TRUE(keep("d", 40, 101, /*deleted=*/true));
  EXPECT_TRUE(keep("d", 30, 40));
  // Who wrote without a time is not judged by it.
  EXPECT_TRUE(retention.Keep({"e", 40}, {}));
  EXPECT_TRUE(retention.Keep({"e", 30}, {}));
}

TEST(HistoryBudgetTest, TheOldestGo) {
  HistoryBudget budget(10'000);
  for (Revision revision = 100; revision <= 10'000; revision += 100) budget.Add(revision, 10);
  EXPECT_EQ(budget.OldestWithin(1000), 0);
  for (const uint64_t bytes : {0, 10, 505, 990}) {
    const Revision oldest = budget.OldestWithin(bytes);
    EXPECT_LE((10'000 - oldest) / 10, static_cast<int64_t>(bytes) + 10) << bytes;
    EXPECT_GE((10'000 - oldest) / 10 + 20, static_cast<int64_t>(bytes)) << bytes;
  }
}

TEST_F(RetentionTest, ADeletedKeyIsForgottenWhenItIsOldEnough) {
  Offer("a", 20, {.deleted = true});
  Offer("a", 16);
  Offer("b", 15, {.deleted = true});
  Offer("b", 14);
  Offer("", 12);
  EXPECT_THAT(kept_, ElementsAre("a20", "a16", "12"));
}

}  // namespace
}  // namespace reeve::store
