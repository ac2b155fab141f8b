#include "agents/ledger.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agents/testing/fake_os.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {
namespace {

using Verdict = Ledger::Verdict;

v1::Work MakeWork(const std::string& name, int64_t generation, const std::string& dir) {
  v1::Work work;
  work.mutable_metadata()->set_namespace_("default");
  work.mutable_metadata()->set_name(name);
  work.mutable_metadata()->set_uid("uid-" + name);
  work.mutable_metadata()->set_generation(generation);
  auto* artifact = work.mutable_spec()->add_artifacts();
  artifact->set_id("content");
  artifact->mutable_unpack()->set_dir(dir);
  return work;
}

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { root_ = *os_.files()->Open("/var/lib/reeve-agent"); }

  FakeOs os_;
  std::unique_ptr<Root> root_;
};

TEST_F(LedgerTest, AnOlderGenerationAndOtherContentsAreRefused) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  EXPECT_EQ(ledger.Accept(MakeWork("a", 2, "x")), Verdict::kAccepted);
  EXPECT_EQ(ledger.Accept(MakeWork("a", 2, "x")), Verdict::kUnchanged);
  EXPECT_EQ(ledger.Accept(MakeWork("a", 1, "x")), Verdict::kOlder);
  EXPECT_EQ(ledger.Accept(MakeWork("a", 2, "y")), Verdict::kConflict);
  EXPECT_EQ(ledger.data().entries(0).work().spec().artifacts(0).unpack().dir(), "x");
  EXPECT_EQ(ledger.Accept(MakeWork("a", 3, "y")), Verdict::kAccepted);
}

TEST_F(LedgerTest, IsReadBack) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {MakeWork("b", 1, "x"), MakeWork("a", 1, "x")}));
  ASSERT_OK(ledger.Save());
  Ledger again;
  ASSERT_OK(again.Load(root_.get()));
  EXPECT_EQ(again.data().SerializeAsString(), ledger.data().SerializeAsString());
  EXPECT_EQ(again.data().entries(0).key(), "default/a");  // In order.
}

TEST_F(LedgerTest, NothingNewIsNotWritten) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {MakeWork("a", 1, "x")}));
  ASSERT_OK(ledger.Save());
  const int64_t mutations = os_.mutations();
  ASSERT_OK(ledger.AcceptSnapshot("e1", 9, {MakeWork("a", 1, "x")}));
  ASSERT_OK(ledger.Save());
  EXPECT_EQ(os_.mutations(), mutations);
}

TEST_F(LedgerTest, DamageIsKeptAside) {
  os_.WriteFile("/var/lib/reeve-agent/ledger", "garbage");
  Ledger ledger;
  EXPECT_THAT(ledger.Load(root_.get()), IsError(absl::StatusCode::kDataLoss, "ledger.damaged"));
  EXPECT_EQ(ledger.data().entries_size(), 0);
  EXPECT_EQ(os_.ReadFile("/var/lib/reeve-agent/ledger.damaged"), "garbage");
}

TEST_F(LedgerTest, WhatVanishedFromACompleteSnapshotIsRemoved) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {MakeWork("a", 1, "x"), MakeWork("b", 1, "y")}));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 8, {MakeWork("b", 1, "y")}));
  EXPECT_TRUE(ledger.Find("default/a")->removing());
  EXPECT_FALSE(ledger.Find("default/b")->removing());
}

TEST_F(LedgerTest, ManyDoNotJustVanish) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  std::vector<v1::Work> works;
  for (int i = 0; i < 11; ++i) works.push_back(MakeWork(fmt::format("w{}", i), 1, "x"));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, works));
  ASSERT_OK_AND_ASSIGN(const auto result, ledger.AcceptSnapshot("e1", 8, {}));
  EXPECT_EQ(result.braked, 11);
  for (const auto& entry : ledger.data().entries()) EXPECT_FALSE(entry.removing());
}

TEST_F(LedgerTest, AnOldCopyOfTheStoreIsRefused) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {MakeWork("a", 1, "x")}));
  EXPECT_THAT(ledger.AcceptSnapshot("e1", 6, {}),
              IsError(absl::StatusCode::kFailedPrecondition, "old copy"));
  EXPECT_FALSE(ledger.Find("default/a")->removing());
}

// A store that was restored from an old backup knows little; what runs here stays until told.
TEST_F(LedgerTest, ANewEpochThatForgotMostRemovesNothingUntilTold) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  const v1::Work a = MakeWork("a", 1, "x");
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {a, MakeWork("b", 1, "x"), MakeWork("c", 1, "x")}));
  ASSERT_OK_AND_ASSIGN(auto result, ledger.AcceptSnapshot("e2", 3, {a}));
  EXPECT_TRUE(result.held);
  EXPECT_EQ(result.braked, 2);
  // Nor later, nor after a restart, nor when another epoch's deletions were accepted.
  ASSERT_OK(ledger.Save());
  Ledger again;
  ASSERT_OK(again.Load(root_.get()));
  ASSERT_OK_AND_ASSIGN(result, again.AcceptSnapshot("e2", 4, {a}, "e1"));
  EXPECT_TRUE(result.held);
  EXPECT_FALSE(again.Find("default/b")->removing());
  ASSERT_OK_AND_ASSIGN(result, again.AcceptSnapshot("e2", 5, {a}, "e2"));
  EXPECT_FALSE(result.held);
  EXPECT_EQ(result.braked, 0);
  EXPECT_TRUE(again.Find("default/b")->removing());
  EXPECT_TRUE(again.Find("default/c")->removing());
  EXPECT_FALSE(again.Find("default/a")->removing());
}

TEST_F(LedgerTest, ANewEpochThatHasThemAgainHoldsNothing) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  const std::vector<v1::Work> both = {MakeWork("a", 1, "x"), MakeWork("b", 1, "x")};
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, both));
  ASSERT_OK_AND_ASSIGN(auto result, ledger.AcceptSnapshot("e2", 3, {}));
  EXPECT_TRUE(result.held);
  ASSERT_OK_AND_ASSIGN(result, ledger.AcceptSnapshot("e2", 4, both));
  EXPECT_FALSE(result.held);
  // From now on it is a store like any other.
  ASSERT_OK(ledger.AcceptSnapshot("e2", 5, {both[0]}));
  EXPECT_TRUE(ledger.Find("default/b")->removing());
}

TEST_F(LedgerTest, AnotherEpochCountsGenerationsAnewAndRemovesNothing) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ASSERT_OK(ledger.AcceptSnapshot("e1", 7, {MakeWork("a", 5, "x"), MakeWork("b", 5, "x")}));
  ASSERT_OK_AND_ASSIGN(const auto result, ledger.AcceptSnapshot("e2", 3, {MakeWork("a", 1, "y")}));
  EXPECT_EQ(result.braked, 1);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_EQ(ledger.Find("default/a")->work().spec().artifacts(0).unpack().dir(), "y");
  EXPECT_FALSE(ledger.Find("default/b")->removing());
}

TEST_F(LedgerTest, AnotherObjectOfTheSameNameDoesNotInheritTheThingsOfTheFirst) {
  Ledger ledger;
  ASSERT_OK(ledger.Load(root_.get()));
  ledger.Accept(MakeWork("a", 5, "x"));
  RecordItems(ledger.Find("default/a"));
  v1::Work other = MakeWork("a", 1, "y");
  other.mutable_metadata()->set_uid("uid-2");
  EXPECT_EQ(ledger.Accept(other), Verdict::kAccepted);
  EXPECT_EQ(ledger.Find("default/a")->items_size(), 0);
  ASSERT_NE(ledger.Find("default/a@uid-a"), nullptr);
  EXPECT_TRUE(ledger.Find("default/a@uid-a")->removing());
}

}  // namespace
}  // namespace reeve::agents
