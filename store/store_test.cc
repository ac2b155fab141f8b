// The conformance suite on the store in memory.
#include "store/mem_engine.h"
#include "store/mvcc_store.h"
#include "store/testing/store_conformance.h"

namespace reeve::store {
namespace {

class MemHome final : public StoreHome {
 public:
  absl::StatusOr<std::unique_ptr<Store>> Open() override {
    MvccOptions options;
    options.recovery.epoch = "mem";
    return MvccStore::Open(engine_, std::move(options));
  }

 private:
  const std::shared_ptr<MemEngine> engine_ = std::make_shared<MemEngine>();
};

INSTANTIATE_TEST_SUITE_P(Mem, StoreConformance,
                         testing::Values(ConformanceParam{
                             .name = "Mem",
                             .make_home = [] { return std::make_unique<MemHome>(); }}),
                         ParamName);

}  // namespace
}  // namespace reeve::store
