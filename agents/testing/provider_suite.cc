#include "agents/testing/provider_conformance.h"

#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {

std::unique_ptr<FakeOs> ProviderConformance::NewHost() {
  auto os = std::make_unique<FakeOs>();
  if (GetParam().prepare_host) GetParam().prepare_host(os.get());
  return os;
}

namespace {

// As a transaction keeps it: the receipt is there before the step runs.
struct Begun {
  pb::Step step;
  pb::Receipt receipt;
};

absl::Status Attempt(HostProvider& provider, const std::vector<pb::Step>& steps,
                     std::vector<Begun>* begun) {
  pb::StepReport report;
  for (const pb::Step& step : steps) {
    ASSIGN_OR_RETURN(pb::Receipt receipt, provider.Prepare(step));
    begun->push_back({step, std::move(receipt)});
    RETURN_IF_ERROR(provider.Do(step, begun->back().receipt, &report));
  }
  return absl::OkStatus();
}

absl::Status UndoAll(HostProvider& provider, const std::vector<Begun>& begun) {
  for (auto it = begun.rbegin(); it != begun.rend(); ++it)
    RETURN_IF_ERROR(provider.Undo(it->step, it->receipt));
  return absl::OkStatus();
}

constexpr int64_t kCallsMax = 3000;  // More than any case makes; a bound for the loops.

TEST_P(ProviderConformance, RunsItsSteps) {
  const auto os = NewHost();
  const auto provider = GetParam().make(os.get());
  for (const pb::Step& step : GetParam().steps) EXPECT_TRUE(provider->Runs(step));
  EXPECT_FALSE(provider->Runs(pb::Step()));
  EXPECT_FALSE(provider->name().empty());
}

TEST_P(ProviderConformance, LookingChangesNothing) {
  const auto os = NewHost();
  const auto provider = GetParam().make(os.get());
  const std::string before = os->Dump();
  pb::Inventory inventory;
  ASSERT_OK(provider->Observe(&inventory));
  ASSERT_OK(provider->Prepare(GetParam().steps.front()));
  EXPECT_EQ(os->Dump(), before);
}

TEST_P(ProviderConformance, AnUnseenPartIsAnError) {
  for (int64_t n = 1; n < kCallsMax; ++n) {
    const auto os = NewHost();
    const auto provider = GetParam().make(os.get());
    const int64_t calls = os->calls();
    os->FailCall(n, absl::InternalError("planted"));
    pb::Inventory inventory;
    const absl::Status status = provider->Observe(&inventory);
    if (os->calls() - calls < n) {
      EXPECT_OK(status);
      return;
    }
    EXPECT_FALSE(status.ok()) << "call " << n << " failed and nobody was told";
  }
}

TEST_P(ProviderConformance, TwiceIsOnce) {
  const auto os = NewHost();
  const auto provider = GetParam().make(os.get());
  std::vector<Begun> begun;
  ASSERT_OK(Attempt(*provider, GetParam().steps, &begun));
  const std::string once = os->Dump();
  pb::StepReport report;
  const Begun& last = begun.back();
  ASSERT_OK(provider->Do(last.step, last.receipt, &report));
  EXPECT_EQ(os->Dump(), once);
}

TEST_P(ProviderConformance, UndoAfterAllGoesBack) {
  if (GetParam().forward_only) return;
  const auto os = NewHost();
  const auto provider = GetParam().make(os.get());
  const std::string before = os->Dump();
  std::vector<Begun> begun;
  ASSERT_OK(Attempt(*provider, GetParam().steps, &begun));
  EXPECT_NE(os->Dump(), before) << "the case does nothing";
  ASSERT_OK(UndoAll(*provider, begun));
  EXPECT_EQ(os->Dump(), before);
  ASSERT_OK(UndoAll(*provider, begun));
  EXPECT_EQ(os->Dump(), before);
}

TEST_P(ProviderConformance, UndoAfterAnErrorAtAnyCallGoesBack) {
  if (GetParam().forward_only) return;
  for (int64_t n = 1; n < kCallsMax; ++n) {
    SCOPED_TRACE(n);
    const auto os = NewHost();
    const auto provider = GetParam().make(os.get());
    const std::string before = os->Dump();
    const int64_t calls = os->calls();
    os->FailCall(n, absl::ResourceExhaustedError("planted"));
    std::vector<Begun> begun;
    Attempt(*provider, GetParam().steps, &begun).IgnoreError();
    if (os->calls() - calls < n) return;
    os->Revive();
    ASSERT_OK(UndoAll(*provider, begun));
    ASSERT_EQ(os->Dump(), before);
  }
  FAIL() << "never came to an end";
}

TEST_P(ProviderConformance, UndoAfterACrashAtAnyCallGoesBack) {
  if (GetParam().forward_only) return;
  for (int64_t n = 1; n < kCallsMax; ++n) {
    SCOPED_TRACE(n);
    const auto os = NewHost();
    const std::string before = os->Dump();
    std::vector<Begun> begun;
    os->CrashAt(n);
    Attempt(*GetParam().make(os.get()), GetParam().steps, &begun).IgnoreError();
    if (!os->crashed()) return;
    os->Revive();
    ASSERT_OK(UndoAll(*GetParam().make(os.get()), begun));
    ASSERT_EQ(os->Dump(), before);
  }
  FAIL() << "never came to an end";
}

TEST_P(ProviderConformance, ACrashDuringUndoIsNoHarm) {
  if (GetParam().forward_only) return;
  for (int64_t n = 1; n < kCallsMax; ++n) {
    SCOPED_TRACE(n);
    const auto os = NewHost();
    const std::string before = os->Dump();
    std::vector<Begun> begun;
    ASSERT_OK(Attempt(*GetParam().make(os.get()), GetParam().steps, &begun));
    os->CrashAt(n);
    UndoAll(*GetParam().make(os.get()), begun).IgnoreError();
    const bool ended = !os->crashed();
    os->Revive();
    ASSERT_OK(UndoAll(*GetParam().make(os.get()), begun));
    ASSERT_EQ(os->Dump(), before);
    if (ended) return;
  }
  FAIL() << "never came to an end";
}

TEST_P(ProviderConformance, GoesForwardAfterACrashAtAnyCall) {
  if (!GetParam().forward_only) return;
  const auto whole = NewHost();
  ASSERT_OK(RunSteps(*GetParam().make(whole.get()), GetParam().steps));
  for (int64_t n = 1; n < kCallsMax; ++n) {
    SCOPED_TRACE(n);
    const auto os = NewHost();
    os->CrashAt(n);
    RunSteps(*GetParam().make(os.get()), GetParam().steps).IgnoreError();
    const bool ended = !os->crashed();
    os->Revive();
    ASSERT_OK(RunSteps(*GetParam().make(os.get()), GetParam().steps));
    ASSERT_EQ(os->Dump(), whole->Dump());
    if (ended) return;
  }
  FAIL() << "never came to an end";
}

}  // namespace
}  // namespace reeve::agents
