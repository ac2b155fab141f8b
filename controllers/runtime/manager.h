// Runs reconcilers: events in from informers, effects out through a client, the same for every
// kind. Owns no threads and reads no clock: a main loops over ProcessOne, the simulator steps it,
// both say what time it is.
//
// What holds:
// - Nothing is reconciled before every informer has its first complete list.
// - Effects run in order, and stop at the first failure; a failed key comes back with a growing
// pause, at once when what it
//   depends on changes.
// - What the manager wrote is in its world at once, and a key whose reconciliation wrote something
// rests until the informers
//   have passed those writes: no decision is taken twice on a stale world.
// - A key that writes again and again is slowed down, and an Event on its object names what keeps
// waking it.
// - A repeated Event is counted in one object, written at most once in kEventFlushPeriod.
//
// Example: Manager manager({.client = client, .reconcilers = Reconcilers(), .wake = [&] {
// notification.Notify(); }});
//          while (!stop) { if (!manager.ProcessOne(clock->Read()))
//          notification.WaitFor(manager.NextWake(clock->Read())); }
//
// Thread-compatible: one thread at a time; only `wake` is called from others.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/client.h"
#include "controllers/runtime/facts.h"
#include "controllers/runtime/reconciler.h"
#include "controllers/runtime/world.h"

namespace reeve::controllers {

class Manager {
 public:
  struct Options {
    client::Client* client = nullptr;     // Must outlive the manager.
    std::vector<Reconciler> reconcilers;  // Usually Reconcilers().
    FactSource* facts = nullptr;          // Null: every fact is answered with kNotChecked.
    std::string field_manager = "reeve-controllers";
    Clock* stopwatch = nullptr;  // Measures reconciliations, for metrics; null: not measured.
    // From any thread: ProcessOne may have something to do. Quick.
    std::function<void()> wake = [] {};
  };
  explicit Manager(Options options);
  ~Manager();

  // One step: takes what the informers have, or reconciles one key and executes its effects. False
  // when there is nothing to do now.
  bool ProcessOne(Now now);
  // How long there is nothing to do unless `wake` is called. InfiniteDuration is possible.
  absl::Duration NextWake(Now now) const;

  // Every informer has its first list.
  bool Synced() const;
  const World& world() const;
  // OK, or the first informer's trouble: for /readyz.
  absl::Status Health() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::controllers
