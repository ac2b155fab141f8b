// Executes effects through a client, one by one, and says what the world must have seen before the
// key is looked at again.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/client.h"
#include "controllers/runtime/effect.h"
#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/world.h"

namespace reeve::controllers {

// One write of ours that the informers have not passed yet.
struct AwaitedWrite {
  ObjectKey key;
  std::string uid;
  Revision revision = 0;  // 0: wait until the object is gone.
};
bool Arrived(const AwaitedWrite& write, const World& world);

struct Execution {
  absl::Status status;  // Of the first effect that failed; those after it were not tried.
  std::vector<AwaitedWrite> writes;  // What was done before that.
  std::vector<ObjectKey> uncertain;  // New objects that may have been made: no answer came.
};

// Thread-compatible; everything must outlive it.
class EffectExecutor {
 public:
  struct Options {
    client::Client* client = nullptr;
    EventRecorder* events = nullptr;
    std::function<void(const std::string& fact)> request_fact;
    // Takes what the API answered into the world.
    std::function<void(const v1::Object& object)> absorb;
  };
  explicit EffectExecutor(Options options) : options_(std::move(options)) {}

  Execution Execute(const Outcome& outcome, const std::string& manager, Now now);
  // Looks at what an earlier execution left uncertain. What is there counts as written.
  Execution Look(const std::vector<ObjectKey>& uncertain);

 private:
  absl::Status Run(const CreateObject& effect, const std::string& manager, Execution* out);
  absl::Status Run(const UpdateObject& effect, const std::string& manager, Execution* out);
  absl::Status Run(const UpdateStatus& effect, const std::string& manager, Execution* out);
  absl::Status Run(const DeleteObject& effect, Execution* out);
  void Wrote(const v1::Object& object, Execution* out);

  const Options options_;
};

}  // namespace reeve::controllers
