// The agent dies, or a call fails, at every single call of a seam: the host always ends as wanted
// or as before.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <regex>

#include "agents/testing/agent_harness.h"

namespace reeve::agents {
namespace {

enum class Change { kCreate, kUpdate, kDelete };

const char* NameOf(Change change) {
  if (change == Change::kCreate) return "Create";
  return change == Change::kUpdate ? "Update" : "Delete";
}

// Generation numbers and what keeps them grow with every attempt; what is served by them must be
// the same.
std::string Comparable(const std::string& text) {
  return std::regex_replace(text, std::regex("[^\n]*/etc/nginx/reeve/(gen-|current|tmp)[^\n]*\n"),
                            "");
}

// Brings a host to where the change begins.
std::unique_ptr<AgentHarness> Before(Change change) {
  auto harness = std::make_unique<AgentHarness>();
  if (change != Change::kCreate) {
    harness->Apply(harness->ProcessWork("blog", 20000, harness->blob1));
    harness->Apply(harness->RouteWork("blog", "blog.example", 20000));
  }
  harness->Settle();
  return harness;
}

void Make(Change change, AgentHarness* harness) {
  if (change == Change::kDelete) {
    harness->Delete("blog-route");
    harness->Delete("blog");
    return;
  }
  const bool create = change == Change::kCreate;
  harness->Apply(harness->ProcessWork("blog", 20000, create ? harness->blob1 : harness->blob2));
  harness->Apply(harness->RouteWork("blog", create ? "blog.example" : "new.example", 20000));
}

class AgentCrashTest : public ::testing::TestWithParam<Change> {
 protected:
  AgentCrashTest() {
    const auto reference = Before(GetParam());
    before_ = Comparable(reference->HostText());
    const int64_t calls = reference->os.calls();
    Make(GetParam(), reference.get());
    reference->RunFor(absl::Seconds(3));
    calls_ = reference->os.calls() - calls;
    reference->Settle();
    after_ = Comparable(reference->HostText());
  }
  const char* Site() const {
    return GetParam() == Change::kUpdate ? "new.example" : "blog.example";
  }
  // Without any route nginx does not listen for sites at all.
  int Wanted() const { return GetParam() == Change::kDelete ? 0 : 200; }

  std::string before_;
  std::string after_;
  int64_t calls_ = 0;
};

TEST_P(AgentCrashTest, DiesAtEveryCall) {
  ASSERT_GT(calls_, 50);
  for (int64_t n = 1; n <= calls_; ++n) {
    SCOPED_TRACE(fmt::format("call {} of {}", n, calls_));
    const auto harness = Before(GetParam());
    Make(GetParam(), harness.get());
    harness->os.CrashAt(n);
    harness->RunFor(absl::Seconds(3));
    harness->os.Revive();
    ASSERT_TRUE(harness->Start());
    harness->Settle();
    ASSERT_EQ(Comparable(harness->HostText()), after_);
    ASSERT_EQ(harness->Visit(Site()), Wanted());
    const int64_t mutations = harness->os.mutations();
    harness->RunFor(absl::Seconds(6));
    ASSERT_EQ(harness->os.mutations(), mutations);
  }
}

TEST_P(AgentCrashTest, ACallFailsAtEveryPoint) {
  for (int64_t n = 1; n <= calls_; ++n) {
    SCOPED_TRACE(fmt::format("call {} of {}", n, calls_));
    const auto harness = Before(GetParam());
    Make(GetParam(), harness.get());
    harness->os.FailCall(n, absl::ResourceExhaustedError("no space left on device"));
    harness->Settle();
    ASSERT_EQ(Comparable(harness->HostText()), after_);
    ASSERT_EQ(harness->Visit(Site()), Wanted());
  }
}

// What recovery alone leaves, before anything is tried again: each Work is as before or as wanted.
TEST_P(AgentCrashTest, RecoveryLeavesNothingHalfDone) {
  if (GetParam() != Change::kCreate) return;  // Elsewhere several Works are at different points.
  for (int64_t n = 1; n <= calls_; ++n) {
    SCOPED_TRACE(fmt::format("call {} of {}", n, calls_));
    const auto harness = Before(GetParam());
    harness->Apply(harness->ProcessWork("blog", 20000, harness->blob1));
    harness->os.CrashAt(n);
    harness->RunFor(absl::Seconds(3));
    harness->os.Revive();
    ASSERT_TRUE(harness->Start());
    const std::string text = Comparable(harness->HostText());
    harness->Settle();
    const std::string done = Comparable(harness->HostText());
    ASSERT_TRUE(text == before_ || text == done) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AgentCrashTest,
                         ::testing::Values(Change::kCreate, Change::kUpdate, Change::kDelete),
                         [](const auto& test) { return std::string(NameOf(test.param)); });

}  // namespace
}  // namespace reeve::agents
