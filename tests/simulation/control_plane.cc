#include "tests/simulation/control_plane.h"

#include "base/status.h"

namespace reeve::simulation {
namespace {

// Planted: says that a write is on disk before it is.
class HastyEngine final : public store::Engine {
 public:
  explicit HastyEngine(std::shared_ptr<store::Engine> engine) : engine_(std::move(engine)) {}
  absl::Status Write(const store::EngineBatch& batch, bool) override {
    return engine_->Write(batch, false);
  }
  std::shared_ptr<const store::EngineSnapshot> Snapshot() override { return engine_->Snapshot(); }
  absl::Status Health() const override { return engine_->Health(); }

 private:
  const std::shared_ptr<store::Engine> engine_;
};

}  // namespace

absl::Status SimMark::Start(const std::string& epoch, Revision durable) {
  const Revision ceiling =
      std::max(durable, found_ ? found_->ceiling : 0) + store::kRevisionsReserved;
  *disk_ = {.epoch = epoch, .durable = durable, .ceiling = ceiling, .clean = false};
  return absl::OkStatus();
}

void SimMark::Raise(Revision durable) {
  (*disk_)->durable = durable;
  if (durable + store::kRevisionsReserved / 2 > (*disk_)->ceiling) {
    (*disk_)->ceiling = durable + store::kRevisionsReserved;
  }
}

void SimMark::Close(Revision durable) {
  (*disk_)->durable = (*disk_)->ceiling = durable;
  (*disk_)->clean = true;
}

ControlPlane::ControlPlane(Kernel* kernel, Network* network, Auditor* auditor, Planted planted)
    : kernel_(kernel),
      network_(network),
      auditor_(auditor),
      planted_(planted),
      chance_(kernel->seed(), "control plane") {}

ControlPlane::~ControlPlane() { Crash(false); }

std::string ControlPlane::NewUid() {
  return fmt::format("{:016x}{:016x}", chance_.Next(), chance_.Next());
}

std::shared_ptr<store::Engine> ControlPlane::EngineFor(Planted planted) {
  if (planted != Planted::kAckBeforeSync) return engine_;
  return std::make_shared<HastyEngine>(engine_);
}

void ControlPlane::Start() {
  store::MvccOptions options;
  options.recovery.epoch = "simulated";
  options.mark = std::make_shared<SimMark>(&mark_on_disk_);
  auto opened = store::MvccStore::Open(EngineFor(planted_), std::move(options));
  if (!opened.ok())
    return auditor_->Violation("the store does not open: " + opened.status().ToString());
  store_ = *std::move(opened);
  auditor_->Attach(store_.get());
  registry_ = std::make_unique<apiserver::Registry>(apiserver::Registry::Options{
      .store = store_.get(), .clock = kernel_->clock(), .new_uid = [this] { return NewUid(); }});
  CHECK(registry_->EnsureNamespaces().ok(), "the namespaces can be made");
  auto hub =
      apiserver::WatchHub::Start({.store = store_.get(), .clock = kernel_->clock(), .wake = [this] {
                                    if (pump_ != nullptr) pump_->Wake();
                                  }});
  CHECK(hub.ok(), hub.status().ToString());
  hub_ = *std::move(hub);
  pump_ = std::make_unique<Stepper>(
      kernel_, &chance_,
      Stepper::Options{.step = [this] { return *hub_->Pump(); },
                       .next_wake = [this] { return hub_->UntilBookmark(); }});
  api_ = std::make_unique<apiserver::Api>(registry_.get(), hub_.get());
  network_->SetServer(api_.get());
  kernel_->Trace(fmt::format("api server up at revision {}", store_->revision()));
}

void ControlPlane::Crash(bool power) {
  if (!up()) return;
  auditor_->Poll();
  auditor_->Detach();
  network_->SetServer(nullptr);
  pump_.reset();
  api_.reset();
  hub_.reset();
  registry_.reset();
  const std::optional<store::MarkState> mark = mark_on_disk_;
  store_.reset();
  mark_on_disk_ = mark;  // A killed process closes nothing.
  if (power) engine_->Crash();
  kernel_->Trace(power ? "api server lost power" : "api server killed");
}

}  // namespace reeve::simulation
