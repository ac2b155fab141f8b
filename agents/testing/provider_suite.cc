#include "agents/testing/provider_conformance.h"

#include "base/status.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {

std::unique_ptr<FakeOs> ProviderConformance::NewHost() {
  auto os = std::make_unique<FakeOs>();
  if (GetParam().prepare_host) GetParam().prepare_host(os.get());
  return os;
}

constexpr int64_t kCallsMax = 3000;  // More than any case makes; a bound for the loops.

void ProviderConformance::AtEachCall(const std::function<bool(FakeOs*, int64_t)>& attempt) {
  for (int64_t n = 1; n < kCallsMax; ++n) {
    SCOPED_TRACE(n);
    if (!attempt(NewHost().get(), n) || HasFailure()) return;
  }
  FAIL() << "never came to an end";
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

// Runs `body` on a provider of its own that dies at call `n` of the host; false when it did not get
// that far. The host is back afterwards.
bool CrashIn(FakeOs* os, int64_t n, const std::function<void(HostProvider&)>& body) {
  os->CrashAt(n);
  body(*ProviderConformance::GetParam().make(os));
  const bool crashed = os->crashed();
  os->Revive();
  return crashed;
}

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
  AtEachCall([](FakeOs* os, int64_t n) {
    const auto provider = GetParam().make(os);
    const int64_t calls = os->calls();
    os->FailCall(n, absl::InternalError("planted"));
    pb::Inventory inventory;
    const absl::Status status = provider->Observe(&inventory);
    const bool reached = os->calls() - calls >= n;
    EXPECT_EQ(status.ok(), !reached) << status << ": the call failed and nobody was told, or the "
                                     << "other way round";
    return reached;
  });
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
  AtEachCall([](FakeOs* os, int64_t n) {
    const auto provider = GetParam().make(os);
    const std::string before = os->Dump();
    const int64_t calls = os->calls();
    os->FailCall(n, absl::ResourceExhaustedError("planted"));
    std::vector<Begun> begun;
    Attempt(*provider, GetParam().steps, &begun).IgnoreError();
    const bool reached = os->calls() - calls >= n;
    os->Revive();
    EXPECT_OK(UndoAll(*provider, begun));
    EXPECT_EQ(os->Dump(), before);
    return reached;
  });
}

TEST_P(ProviderConformance, UndoAfterACrashAtAnyCallGoesBack) {
  if (GetParam().forward_only) return;
  AtEachCall([](FakeOs* os, int64_t n) {
    const std::string before = os->Dump();
    std::vector<Begun> begun;
    const bool reached = CrashIn(os, n, [&](HostProvider& provider) {
      Attempt(provider, GetParam().steps, &begun).IgnoreError();
    });
    EXPECT_OK(UndoAll(*GetParam().make(os), begun));
    EXPECT_EQ(os->Dump(), before);
    return reached;
  });
}

TEST_P(ProviderConformance, ACrashDuringUndoIsNoHarm) {
  if (GetParam().forward_only) return;
  AtEachCall([](FakeOs* os, int64_t n) {
    const std::string before = os->Dump();
    std::vector<Begun> begun;
    EXPECT_OK(Attempt(*GetParam().make(os), GetParam().steps, &begun));
    const bool reached =
        CrashIn(os, n, [&](HostProvider& provider) { UndoAll(provider, begun).IgnoreError(); });
    EXPECT_OK(UndoAll(*GetParam().make(os), begun));
    EXPECT_EQ(os->Dump(), before);
    return reached;
  });
}

TEST_P(ProviderConformance, GoesForwardAfterACrashAtAnyCall) {
  if (!GetParam().forward_only) return;
  const auto whole = NewHost();
  ASSERT_OK(RunSteps(*GetParam().make(whole.get()), GetParam().steps));
  AtEachCall([&](FakeOs* os, int64_t n) {
    const bool reached = CrashIn(
        os, n, [](HostProvider& provider) { RunSteps(provider, GetParam().steps).IgnoreError(); });
    EXPECT_OK(RunSteps(*GetParam().make(os), GetParam().steps));
    EXPECT_EQ(os->Dump(), whole->Dump());
    return reached;
  });
}

}  // namespace
}  // namespace reeve::agents
