#include "agents/testing/provider_conformance.h"

#include "base/status.h"

namespace reeve::agents {

Host HostOf(FakeOs* os, client::Content* content) {
  return {.files = os->files(),
          .exec = os->exec(),
          .bus = os->bus(),
          .net = os->net(),
          .content = content};
}

absl::Status RunSteps(HostProvider& provider, const std::vector<pb::Step>& steps,
                      pb::StepReport* report) {
  pb::StepReport ignored;
  for (const pb::Step& step : steps) {
    ASSIGN_OR_RETURN(const pb::Receipt receipt, provider.Prepare(step));
    RETURN_IF_ERROR(provider.Do(step, receipt, report == nullptr ? &ignored : report));
  }
  return absl::OkStatus();
}

}  // namespace reeve::agents
