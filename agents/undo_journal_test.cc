#include "agents/undo_journal.h"

#include <gtest/gtest.h>

#include "agents/testing/fake_os.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {
namespace {

constexpr char kPath[] = "/var/lib/reeve-agent/journal";

pb::Step WriteStep(const std::string& name) {
  pb::Step step;
  step.mutable_write_unit()->set_name(name);
  return step;
}

class UndoJournalTest : public ::testing::Test {
 protected:
  UndoJournalTest() { root_ = *os_.files()->Open("/var/lib/reeve-agent"); }
  UndoJournal Reload() {
    UndoJournal journal;
    EXPECT_OK(journal.Load(root_.get()));
    return journal;
  }

  FakeOs os_;
  std::unique_ptr<Root> root_;
};

TEST_F(UndoJournalTest, OpenLanesAreReadBackInOrder) {
  UndoJournal journal = Reload();
  pb::Receipt receipt;
  receipt.set_pre_image("before");
  ASSERT_OK(journal.Begin("a", WriteStep("1"), receipt));
  ASSERT_OK(journal.Begin("b", WriteStep("2"), pb::Receipt()));
  ASSERT_OK(journal.Begin("a", WriteStep("3"), pb::Receipt()));
  ASSERT_OK(journal.Close("b", /*done=*/true));
  const UndoJournal again = Reload();
  ASSERT_EQ(again.open().size(), 1u);
  const auto& intents = again.open().at("a");
  ASSERT_EQ(intents.size(), 2u);
  EXPECT_EQ(intents[0].receipt().pre_image(), "before");
  EXPECT_EQ(intents[1].step().write_unit().name(), "3");
}

// Cut at every byte: what is read back is always a prefix of the records, and it can be gone on
// with.
TEST_F(UndoJournalTest, ATornTailIsDropped) {
  UndoJournal journal = Reload();
  for (const char* name : {"1", "2", "3"})
    ASSERT_OK(journal.Begin("a", WriteStep(name), pb::Receipt()));
  const std::string whole = *os_.ReadFile(kPath);
  for (size_t size = 0; size < whole.size(); ++size) {
    os_.WriteFile(kPath, whole.substr(0, size));
    UndoJournal torn = Reload();
    const size_t kept = torn.open().contains("a") ? torn.open().at("a").size() : 0;
    EXPECT_LT(kept, 3u);
    ASSERT_OK(torn.Begin("b", WriteStep("4"), pb::Receipt()));
    const UndoJournal again = Reload();
    EXPECT_EQ(again.open().contains("a") ? again.open().at("a").size() : 0, kept);
    EXPECT_EQ(again.open().at("b").size(), 1u);
  }
}

TEST_F(UndoJournalTest, ADamagedRecordEndsIt) {
  UndoJournal journal = Reload();
  for (const char* name : {"1", "2"}) ASSERT_OK(journal.Begin("a", WriteStep(name), pb::Receipt()));
  std::string bytes = *os_.ReadFile(kPath);
  bytes[bytes.size() - 1] ^= 1;
  os_.WriteFile(kPath, bytes);
  EXPECT_EQ(Reload().open().at("a").size(), 1u);
}

TEST_F(UndoJournalTest, AFailedWriteIsNotTrusted) {
  UndoJournal journal = Reload();
  ASSERT_OK(journal.Begin("a", WriteStep("1"), pb::Receipt()));
  os_.FailCall(1, absl::ResourceExhaustedError("no space left"));
  EXPECT_THAT(journal.Begin("a", WriteStep("2"), pb::Receipt()),
              IsError(absl::StatusCode::kResourceExhausted, "writing the journal"));
  ASSERT_OK(journal.Begin("a", WriteStep("3"), pb::Receipt()));
  const UndoJournal again = Reload();
  ASSERT_EQ(again.open().at("a").size(), 2u);
  EXPECT_EQ(again.open().at("a")[1].step().write_unit().name(), "3");
}

}  // namespace
}  // namespace reeve::agents
