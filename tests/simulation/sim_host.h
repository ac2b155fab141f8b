// One host of the simulation: the real agent on a host in memory, which survives the agent's
// crashes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/heartbeat.h"
#include "agents/testing/fake_os.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/network.h"
#include "tests/simulation/planted.h"
#include "tests/simulation/stepper.h"

namespace reeve::simulation {

// Digest to tar.
using Blobs = std::map<std::string, std::string>;

// Thread-compatible.
class SimHost {
 public:
  // `uid` is the Host object's. `blobs` outlives it.
  SimHost(Kernel* kernel, Network* network, const std::string& name, const std::string& uid,
          const Blobs* blobs, Planted planted);
  ~SimHost();

  void StartAgent();
  void KillAgent();
  void Reboot();
  // The agent dies at the nth thing it does to the host from now; it comes back a little later.
  void CrashAgentAt(int64_t n) { os_.CrashAt(n); }
  // Somebody interferes: stops a unit of ours, removes or edits a file of ours.
  void Drift(Chance* chance);
  // A unit or a directory of content on the host that is none of `wanted`; empty when there is
  // none.
  std::string Leftover(const std::set<std::string>& wanted);

  const std::string& name() const { return name_; }
  agents::FakeOs& os() { return os_; }
  bool agent_up() const { return agent_ != nullptr; }
  // What is not ours, changed: empty when nothing was touched. Looks only when somebody was on the
  // host since.
  std::string ForeignDamage();

 private:
  class BlobClient;

  void MakeForeignThings();
  std::vector<std::string> OurFiles();
  bool Step();
  void StartHeartbeat();

  Kernel* const kernel_;
  Network* const network_;
  const std::string name_;
  const std::string uid_;
  const Planted planted_;
  Chance chance_;
  agents::FakeOs os_;
  std::map<std::string, std::string> foreign_;  // Path to content.
  int64_t looked_at_ = -1;  // The count of calls at which the foreign things were looked at last.
  std::unique_ptr<client::Content> content_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<agents::AgentCore> agent_;
  std::unique_ptr<Stepper> stepper_;
  std::unique_ptr<agents::Heartbeat> heartbeat_;
  std::unique_ptr<Stepper> heartbeat_stepper_;
};

}  // namespace reeve::simulation
