// An engine in memory, for tests, the simulator and plans.
//
// The data is a persistent treap: a write copies the path to the root, a snapshot is one pointer.
// So a snapshot and a clone cost O(1), a write O(log n), and readers hold no lock. Node priorities
// are a hash of the key: the shape is a function of the contents, the same in every run.
//
// It outlives the store above it, see mem_store.h.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "store/engine.h"

namespace reeve::store {

class MemEngine final : public Engine {
 public:
  struct Node;
  using Tree = std::shared_ptr<const Node>;

  MemEngine() = default;

  absl::Status Write(const EngineBatch& batch, bool sync) override;
  std::shared_ptr<const EngineSnapshot> Snapshot() override;
  absl::Status Health() const override;

  // Forgets what was written since the last synced write.
  void Crash();
  // Every later write fails with `error` and changes nothing; OK ends it.
  void FailWrites(absl::Status error);
  // An independent engine with the same contents.
  std::shared_ptr<MemEngine> Clone() const;

 private:
  mutable Mutex mu_;
  Tree root_ ABSL_GUARDED_BY(mu_);
  Tree synced_root_ ABSL_GUARDED_BY(mu_);  // What a crash leaves.
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace reeve::store
