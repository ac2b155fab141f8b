// What every provider promises, as one gtest suite on the fake host: looking changes nothing; twice
// is once; an error or a crash at any call of a seam, followed by Undo, leaves the host as it was;
// a crash during Undo does too, once Undo is run again; steps that only go forward end in the same
// host however often they are interrupted.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "agents/provider.h"
#include "agents/testing/fake_os.h"

namespace reeve::agents {

struct ProviderCase {
  std::string name;
  std::function<std::unique_ptr<HostProvider>(FakeOs*)> make;
  std::function<void(FakeOs*)> prepare_host;  // The host before; may run steps.
  std::vector<pb::Step> steps;                // One lane, in order.
  bool forward_only = false;
};
inline void PrintTo(const ProviderCase& one, std::ostream* out) { *out << one.name; }

class ProviderConformance : public ::testing::TestWithParam<ProviderCase> {
 protected:
  // A host as the case wants it.
  std::unique_ptr<FakeOs> NewHost();
  // Calls `attempt` with a fresh host for n = 1, 2, ... until it returns false (call n of the host
  // was not reached) or a check has failed.
  void AtEachCall(const std::function<bool(FakeOs* os, int64_t n)>& attempt);
};

inline std::string CaseName(const ::testing::TestParamInfo<ProviderCase>& info) {
  return info.param.name;
}

// Prepares and runs `steps` in order; the first failure ends it.
absl::Status RunSteps(HostProvider& provider, const std::vector<pb::Step>& steps,
                      pb::StepReport* report = nullptr);

// The seams of `os` as a provider takes them.
Host HostOf(FakeOs* os, client::Content* content = nullptr);

}  // namespace reeve::agents
