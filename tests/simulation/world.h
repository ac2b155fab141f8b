// A whole estate in one thread: API server, controllers, agents on hosts in memory, users, and
// everything that can go wrong.
//
// First chaos: users act while processes crash, the network loses and delays, hosts reboot and
// people interfere. Then calm: the faults stop, and everything must converge, and then stay as it
// is: ten minutes without a durable write or a change on a host. Invariants are checked after every
// event (see Auditor). Thread-compatible.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controllers/runtime/manager.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/control_plane.h"
#include "tests/simulation/counters.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/network.h"
#include "tests/simulation/onlooker.h"
#include "tests/simulation/planted.h"
#include "tests/simulation/sim_host.h"
#include "tests/simulation/workload.h"

namespace reeve::simulation {

struct WorldOptions {
  uint64_t seed = 1;
  int hosts = 3;
  absl::Duration chaos = absl::Minutes(2);
  absl::Duration converge = absl::Minutes(15);  // The longest it may take.
  absl::Duration quiet = absl::Seconds(600);
  Planted planted = Planted::kNone;
};

struct Verdict {
  std::vector<std::string> violations;
  std::string trace_hash;
  size_t events = 0;  // Lines of the trace.
  Revision revisions = 0;
  int64_t undone = 0;        // Attempts that failed or crashed, undone and compared.
  absl::Duration converged;  // After the faults stopped.
  bool ok() const { return violations.empty(); }
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();

  Verdict Run();
  const Kernel& kernel() const { return kernel_; }

 private:
  void MakeEstate();
  void MakeBlobs();
  void AddHost(int number);

  void StartControllers();
  void KillControllers();

  void Chaos();
  void ScheduleUser();
  void ScheduleFault();
  void Fault();
  void CrashServer();
  void CutOff(const std::string& host);
  void Calm();

  bool RunUntil(absl::Duration end, const std::function<bool()>& done);
  void CheckHosts();
  std::string Unfinished();  // Why it has not converged; empty when it has.
  std::string UnfinishedSite(const v1::Site& site);
  int64_t Mutations();
  // The agent says that a Work is applied: is it?
  void CheckApplied(const v1::Object* before, const v1::Object& after);
  void CheckQuiet();
  void CheckLeftovers();  // Whatever failed and was undone, whatever was deleted: nothing of it is
                          // on a host.
  void Violation(std::string what);

  const WorldOptions options_;
  Kernel kernel_;
  Chance chance_;
  Auditor auditor_;
  Network network_;
  ControlPlane control_plane_;
  Blobs blobs_;
  std::vector<std::string> static_blobs_;
  std::vector<std::string> process_blobs_;
  std::vector<std::unique_ptr<SimHost>> hosts_;
  std::unique_ptr<client::Client> controller_client_;
  std::unique_ptr<controllers::Manager> manager_;
  std::unique_ptr<Stepper> manager_stepper_;
  std::unique_ptr<client::Client> user_client_;
  std::unique_ptr<Workload> workload_;
  std::unique_ptr<Counters> counters_;
  std::unique_ptr<client::Client> onlooker_client_;
  std::unique_ptr<Onlooker> onlooker_;
  bool chaos_ = false;
  std::vector<std::string> violations_;
};

}  // namespace reeve::simulation
