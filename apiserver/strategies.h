// The few rules of a kind that its options cannot say: they relate fields to each other, or to
// other objects.
#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "apiserver/attempt.h"
#include "base/clock.h"
#include "proto/schema/validate.h"

namespace reeve::apiserver {

struct Strategy {
  std::string_view type;  // Full name of the kind's message.
  // Sets what the server knows. `before` is null for a new object. May be null.
  void (*prepare)(const Message* before, Now now, Message* after) = nullptr;
  // Adds violations, with paths. Reads other objects through `attempt`. May be null.
  absl::Status (*validate)(Attempt* attempt, const Message& object,
                           schema::Violations* violations) = nullptr;
  // Whether a status write may make `after` of `before`: what the lifecycle table cannot say. May
  // be null.
  absl::Status (*check_status)(const Message& before, const Message& after) = nullptr;
  // Does not keep its namespace from being deleted, and goes with it.
  bool goes_with_namespace = false;
  // Cannot be deleted while another object names it.
  bool kept_while_used = false;
  // Dependents that controllers alone write, in plural: they cannot be left behind as orphans.
  std::string_view parts = "";
};

// nullptr for kinds without such rules.
const Strategy* FindStrategy(const schema::Kind& kind);

// Namespaces that are always there and cannot be deleted.
inline constexpr std::string_view kDefaultNamespace = "default";
inline constexpr std::string_view kSystemNamespace = "reeve-system";

}  // namespace reeve::apiserver
