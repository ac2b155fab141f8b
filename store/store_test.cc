// The conformance suite on the store in memory.
#include "store/mem_engine.h"
#include "store/mem_store.h"
#include "store/mvcc_store.h"
#include "store/testing/store_conformance.h"

namespace reeve::store {
namespace {

class MemHome final : public StoreHome {
 public:
  absl::StatusOr<std::unique_ptr<Store>> Open() override { return OpenMemStore(disk_, "mem"); }

 private:
  const MemDisk disk_;
};

// Keeps so little in memory that watchers always read the change log.
class TinyRingHome final : public StoreHome {
 public:
  absl::StatusOr<std::unique_ptr<Store>> Open() override {
    MvccOptions options;
    options.recovery.epoch = "mem";
    options.watch_batches_max = 3;
    return MvccStore::Open(engine_, std::move(options));
  }

 private:
  const std::shared_ptr<MemEngine> engine_ = std::make_shared<MemEngine>();
};

template <typename Home>
ConformanceParam Mem(std::string name) {
  return {.name = std::move(name),
          .make_home = [] { return std::make_unique<Home>(); },
          .model_seeds = 4,
          .model_steps = 50'000,
          .increments = 1000};
}

INSTANTIATE_TEST_SUITE_P(Mem, StoreConformance,
                         testing::Values(Mem<MemHome>("Mem"), Mem<TinyRingHome>("TinyRing")),
                         ParamName);

}  // namespace
}  // namespace reeve::store
