// The lifecycle table of each kind, as data: the API server enforces it, docs print it, the
// simulator checks it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/schema/object.h"

namespace reeve::schema {

struct Lifecycle {
  std::string_view name;     // As in KindOptions.lifecycle.
  std::string_view initial;  // Set by the server at creation.
  std::vector<std::pair<std::string_view, std::string_view>> edges;
};

// All tables, by name.
const std::vector<Lifecycle>& Lifecycles();
const Lifecycle* FindLifecycle(std::string_view name);

// Whether a status write may move from `from` to `to`: an edge of the table, or no change.
bool TransitionAllowed(const Lifecycle& lifecycle, std::string_view from, std::string_view to);

// Where `from` may move to; from "", the initial phase. Empty for a terminal phase.
std::vector<std::string> PhasesAfter(const Lifecycle& lifecycle, std::string_view from);

// Sets status.phase by name. CHECKs that the kind has it.
void SetPhase(Message* object, std::string_view phase);

}  // namespace reeve::schema
