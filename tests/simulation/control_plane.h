// The API server of the simulation: the real registry and watch hub on the store in memory, which
// outlives their crashes.
#pragma once

#include <memory>
#include <string>

#include "apiserver/api.h"
#include "store/mem_engine.h"
#include "store/mvcc_store.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/network.h"
#include "tests/simulation/planted.h"
#include "tests/simulation/stepper.h"

namespace reeve::simulation {

// A mark that survives crashes as a file would: the durable revision is on "disk" at once, the
// ceiling in steps.
class SimMark final : public store::Mark {
 public:
  explicit SimMark(std::optional<store::MarkState>* disk) : found_(*disk), disk_(disk) {}
  const std::optional<store::MarkState>& found() const override { return found_; }
  absl::Status Start(const std::string& epoch, Revision durable) override;
  void Raise(Revision durable) override;
  Revision ceiling() const override { return (*disk_)->ceiling; }
  void Close(Revision durable) override;

 private:
  const std::optional<store::MarkState> found_;
  std::optional<store::MarkState>* const disk_;
};

// Thread-compatible.
class ControlPlane {
 public:
  ControlPlane(Kernel* kernel, Network* network, Auditor* auditor, Planted planted);
  ~ControlPlane();

  void Start();
  // The process is killed; with `power`, what was not synced is gone too.
  void Crash(bool power);
  bool up() const { return api_ != nullptr; }
  apiserver::Api* api() { return api_.get(); }
  store::Store* store() { return store_.get(); }

 private:
  std::string NewUid();
  std::shared_ptr<store::Engine> EngineFor(Planted planted);

  Kernel* const kernel_;
  Network* const network_;
  Auditor* const auditor_;
  const Planted planted_;
  Chance chance_;
  std::shared_ptr<store::MemEngine> engine_ = std::make_shared<store::MemEngine>();
  std::optional<store::MarkState> mark_on_disk_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<apiserver::Registry> registry_;
  std::unique_ptr<apiserver::WatchHub> hub_;
  std::unique_ptr<apiserver::Api> api_;
  std::unique_ptr<Stepper> pump_;
};

}  // namespace reeve::simulation
