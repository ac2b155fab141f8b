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
#include "tests/simulation/undo_watch.h"

namespace reeve::simulation {

// Digest to tar.
using Blobs = std::map<std::string, std::string>;

// Thread-compatible.
class SimHost {
 public:
  // `uid` is the Host object's. `blobs` outlives it. `violation` is told what must not be.
  struct Options {
    std::string name;
    std::string uid;
    const Blobs* blobs = nullptr;
    Planted planted = Planted::kNone;
    std::function<void(std::string)> violation;
  };
  SimHost(Kernel* kernel, Network* network, const Options& options);
  ~SimHost();

  void StartAgent();
  void KillAgent();
  void Reboot();
  void KillNginx();
  // The agent dies at something that it asks of the host or does to it later; it comes back soon.
  void CrashAgent(Chance* chance);
  // Something that the agent asks of the host or does to it later fails.
  void FailACall(Chance* chance);
  // Somebody interferes: stops a unit of ours, removes or edits a file of ours.
  void Drift(Chance* chance);
  // What of `spec` is not on the host; empty when all is, or when somebody or a crash came between
  // so lately that the agent may not have seen it.
  std::string Missing(const v1::WorkSpec& spec);
  // A unit or a directory of content on the host that is none of `wanted`; empty when there is
  // none.
  std::string Leftover(const std::set<std::string>& wanted);

  const std::string& name() const { return name_; }
  agents::FakeOs& os() { return os_; }
  int64_t undone() const { return undo_watch_.compared(); }
  bool agent_up() const { return agent_ != nullptr; }
  // What is not ours, changed: empty when nothing was touched. Looks only when somebody was on the
  // host since.
  std::string ForeignDamage();

 private:
  class BlobClient;

  void MakeForeignThings();
  std::vector<std::string> OurFiles();
  bool Step();
  void Interfere();
  std::string MissingArtifact(const v1::Artifact& artifact);
  void StartHeartbeat();

  Kernel* const kernel_;
  Network* const network_;
  const std::string name_;
  const std::string uid_;
  const Planted planted_;
  Chance chance_;
  agents::FakeOs os_;
  UndoWatch undo_watch_;
  absl::Duration disturbed_ = absl::ZeroDuration();  // When somebody or a crash came between last.
  std::map<std::string, std::string> foreign_;       // Path to content.
  int64_t looked_at_ = -1;  // The count of calls at which the foreign things were looked at last.
  std::unique_ptr<client::Content> content_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<agents::AgentCore> agent_;
  std::unique_ptr<Stepper> stepper_;
  std::unique_ptr<agents::Heartbeat> heartbeat_;
  std::unique_ptr<Stepper> heartbeat_stepper_;
};

}  // namespace reeve::simulation
