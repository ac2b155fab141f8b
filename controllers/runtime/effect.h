// The closed list of what a reconciler may want done.
//
// Effects are executed one by one, in order, each with its precondition, and stopped at the first
// failure: every prefix must be safe.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/names.h"
#include "reeve/v1/event.pb.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::controllers {

// A new object. ALREADY_EXISTS counts as a stale world: the key is tried again once the informer
// has caught up.
struct CreateObject {
  v1::Object object;
};
// A changed spec or metadata; carries the resourceVersion it was computed from.
struct UpdateObject {
  v1::Object object;
};
// A changed status; likewise.
struct UpdateStatus {
  v1::Object object;
};
// Only the object with this uid.
struct DeleteObject {
  ObjectKey key;
  std::string uid;
  v1::Propagation propagation = v1::BACKGROUND;
};
// Something that people should see. Repeats are counted by the runtime.
struct RecordEvent {
  v1::ObjectRef regarding;
  v1::EventSpec::Type type = v1::EventSpec::Normal;
  std::string reason;
  std::string message;
};
// Ask for a fact (a DNS answer); the answer comes back into the world and wakes the key.
struct RequestFact {
  std::string name;
};

using Effect =
    std::variant<CreateObject, UpdateObject, UpdateStatus, DeleteObject, RecordEvent, RequestFact>;

// What one look at one key led to.
struct Outcome {
  std::vector<Effect> effects;
  // Look again after this time even if nothing changes.
  std::optional<absl::Duration> after;

  static Outcome Done() { return {}; }
  static Outcome After(absl::Duration d) { return {.effects = {}, .after = d}; }
};

// One effect a line, objects as YAML: for goldens, plans and traces.
std::string ToString(const Outcome& outcome);

}  // namespace reeve::controllers
