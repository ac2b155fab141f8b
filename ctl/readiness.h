// Conditions and phases of any kind of object, to wait for.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/jsonpath.h"
#include "ctl/session.h"
#include "proto/schema/kind_registry.h"
#include "reeve/v1/kinds.pb.h"
#include "reeve/v1/meta.pb.h"

namespace reeve::ctl {

std::optional<v1::Condition> FindCondition(const v1::Object& object, std::string_view type);

// The names that status.phase of the kind may have; none when it has no phase.
std::vector<std::string> PhasesOf(const schema::Kind& kind);

// Waits for condition Ready=True at the object's present generation. Kinds without conditions are
// ready when they exist.
absl::Status WaitUntilReady(Session& session, const ObjectKey& key, absl::Duration timeout);

// What --for says: "delete", "create", "condition=Ready", "condition=Ready=False", "phase=Active",
// "jsonpath={.status.phase}=Active".
struct Goal {
  enum class Type { kDelete, kCreate, kCondition, kPhase, kValue };
  Type type = Type::kDelete;
  std::string subject;           // Condition type.
  std::optional<JsonPath> path;  // kValue.
  std::string value;             // Wanted; empty for kValue: any.

  // `object` is nullptr when there is none.
  bool Met(const v1::Object* object) const;
};
absl::StatusOr<Goal> ParseGoal(std::string_view text);

// INVALID_ARGUMENT for what an object of the kind can never be: a phase that its schema does not
// have.
absl::Status CheckGoal(const Goal& goal, const schema::Kind& kind);

}  // namespace reeve::ctl
