// A user who watches: keeps a copy of some kinds with the real informer, over the same bad network
// as everybody else, through broken streams and crashes of the server.
//
// Whenever it says that it has seen everything up to the last revision there is, its copy must be
// what the store has: no change left out, none twice. Thread-compatible.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/informer.h"
#include "tests/simulation/auditor.h"
#include "tests/simulation/stepper.h"

namespace reeve::simulation {

class Onlooker {
 public:
  // All outlive it.
  Onlooker(Kernel* kernel, client::Client* client, Auditor* auditor);

 private:
  bool Step();
  void Compare(const client::Informer& informer);

  Kernel* const kernel_;
  Auditor* const auditor_;
  Chance chance_;
  std::vector<std::unique_ptr<client::Informer>> informers_;
  std::unique_ptr<Stepper> stepper_;
};

}  // namespace reeve::simulation
