// Users who count: each reads a number in an annotation, thinks, and writes the next one at the
// resourceVersion it read. No count may be lost, and none may be there that nobody made.
//
// Runs on a namespace of its own, by chance from the seed. Thread-compatible.
#pragma once

#include <string>

#include "client/client.h"
#include "reeve/v1/kinds.pb.h"
#include "tests/simulation/kernel.h"

namespace reeve::simulation {

class Counters {
 public:
  // Both outlive it.
  Counters(Kernel* kernel, client::Client* client)
      : kernel_(kernel), client_(client), chance_(kernel->seed(), "counters") {}

  // Some of them at the same time, until Stop.
  void Start();
  void Stop() { running_ = false; }
  // What is wrong with the number that is there in the end; empty when nothing is.
  std::string Check(const v1::Object* counted) const;
  static ObjectKey Key();

 private:
  void Next();
  void Write(v1::Object object);

  Kernel* const kernel_;
  client::Client* const client_;
  Chance chance_;
  bool running_ = false;
  int64_t acknowledged_ = 0;
  int64_t unknown_ = 0;  // The request or its reply was lost: made or not.
};

}  // namespace reeve::simulation
