// A store in memory whose "disk" outlives it: for crash tests and the simulator.
//
//   MemDisk disk;
//   auto store = OpenMemStore(disk, "epoch");   // ... commits ...
//   disk.Crash();                               // Power cut: what was not synced is gone.
//   store->reset();
//   store = OpenMemStore(disk, "epoch");
//
// Kill instead of Crash is kill -9: the process is gone, the page cache stays. Without either,
// destroying the store is an orderly end.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/mark.h"
#include "store/mem_engine.h"
#include "store/store.h"

namespace reeve::store {

struct MemDisk {
  std::shared_ptr<MemEngine> engine = std::make_shared<MemEngine>();
  std::shared_ptr<std::optional<MarkState>> mark = std::make_shared<std::optional<MarkState>>();

  // After these, writes fail until the disk is opened again.
  void Kill() const;
  void Crash() const;
  // An independent disk with the same contents.
  MemDisk Clone() const;
};

// REQUIRES: one store at a time on a disk.
absl::StatusOr<std::unique_ptr<Store>> OpenMemStore(const MemDisk& disk, std::string epoch);

}  // namespace reeve::store
