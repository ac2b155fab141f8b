// A whole agent on a host in memory, with a server in memory: its providers are the real ones.
//
// The agent can die at any call of a seam and be started again over the same host.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.h"
#include "agents/testing/fake_content.h"
#include "agents/testing/fake_os.h"
#include "base/testing/fake_clock.h"
#include "controllers/testing/fake_api.h"

namespace reeve::agents {

class AgentHarness {
 public:
  AgentHarness();

  // (Re)starts the agent: what it had in memory is lost. False when the start failed.
  bool Start();
  void Stop() { core_.reset(); }
  // Runs it for `time`, in steps.
  void RunFor(absl::Duration time, absl::Duration step = absl::Seconds(1));
  // Starts it if need be, and runs it until nothing has changed on the host for a while.
  void Settle();

  // A Process site: user, content, unit, probe.
  v1::Work ProcessWork(const std::string& name, int port, const std::string& blob) const;
  // Its Work is named <name>-route.
  v1::Work RouteWork(const std::string& name, const std::string& hostname, int port) const;
  void Apply(const v1::Work& work);  // Creates it, or gives it a new spec.
  void Delete(const std::string& name) { api.MustDelete({"Work", "default", name}); }
  v1::Work GetWork(const std::string& name);
  // "DriftRestored: unit ... was stopped", of every Event.
  std::vector<std::string> EventTexts() const;

  // The host without the agent's own state: what an attempt must leave as it was.
  std::string HostText();
  // What a visitor of `hostname` gets: the status of the answer, 0 when there is none.
  int Visit(const std::string& hostname);

  FakeClock clock;
  FakeOs os;
  controllers::FakeApi api{&clock};
  FakeContent content;
  std::string blob1;
  std::string blob2;

 private:
  std::unique_ptr<AgentCore> core_;
};

}  // namespace reeve::agents
