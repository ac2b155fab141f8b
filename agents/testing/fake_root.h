// Files over a MemTree: the same rules as the real ones (no links inside a path, no second names),
// in memory.
#pragma once

#include <memory>

#include "agents/os/files.h"
#include "agents/testing/mem_tree.h"

namespace reeve::agents {

// Asked before every call; an error is the call's answer, and nothing happens.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual absl::Status Enter(std::string_view call, bool mutates) = 0;
};

// Both must outlive what is returned.
std::unique_ptr<Files> NewFakeFiles(MemTree* tree, Gate* gate);

}  // namespace reeve::agents
