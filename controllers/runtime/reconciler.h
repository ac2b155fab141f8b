// A reconciler: for one kind, what should be done about one object, as a pure function.
#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/names.h"
#include "controllers/runtime/effect.h"
#include "controllers/runtime/world.h"

namespace reeve::controllers {

struct Reconciler {
  // The label of its metrics and logs: "site".
  std::string_view name;
  // The kind whose keys it works on. Empty: keys of any kind, only those that `wakes` names.
  std::string_view kind;
  // Pure: same arguments, same outcome. Reads: what exists, what should exist, the difference, the
  // status. The object may be gone from the world.
  Outcome (*reconcile)(const World& world, const ObjectKey& key, Now now);
  // Pure: which of its keys a change wakes. `before` or `after` is null when the object appeared or
  // went. An object of its own kind wakes itself without being listed here.
  std::vector<ObjectKey> (*wakes)(const World& world, const v1::Object* before,
                                  const v1::Object* after);
};

// Every reconciler there is, in order of name. A new one is a line here.
const std::vector<Reconciler>& Reconcilers();

}  // namespace reeve::controllers
