#include "client/conditions.h"

#include "client/timestamps.h"

namespace reeve::client {
namespace {

v1::Condition* FindMutable(ConditionList* conditions, std::string_view type) {
  for (v1::Condition& condition : *conditions) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

v1::Condition* FindOrAdd(ConditionList* conditions, std::string_view type) {
  if (v1::Condition* found = FindMutable(conditions, type)) return found;
  v1::Condition* added = conditions->Add();
  added->set_type(std::string(type));
  return added;
}

}  // namespace

const v1::Condition* FindCondition(const ConditionList& conditions, std::string_view type) {
  for (const v1::Condition& condition : conditions) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

bool IsTrue(const ConditionList& conditions, std::string_view type) {
  const v1::Condition* condition = FindCondition(conditions, type);
  return condition != nullptr && condition->status() == v1::Condition::True;
}

bool IsTrueAt(const ConditionList& conditions, std::string_view type, Generation generation) {
  const v1::Condition* condition = FindCondition(conditions, type);
  return condition != nullptr && condition->status() == v1::Condition::True &&
         condition->observed_generation() == generation;
}

bool SetCondition(ConditionList* conditions, const Finding& finding, Generation generation,
                  absl::Time now) {
  v1::Condition* condition = FindOrAdd(conditions, finding.type);
  const bool moved =
      !condition->has_last_transition_time() || condition->status() != finding.status;
  if (moved) SetTime(condition->mutable_last_transition_time(), now);
  condition->set_status(finding.status);
  condition->set_observed_generation(generation);
  condition->set_reason(finding.reason);
  condition->set_message(finding.message);
  return moved;
}

void DropCondition(ConditionList* conditions, std::string_view type) {
  for (int i = conditions->size() - 1; i >= 0; --i) {
    if (conditions->Get(i).type() == type) conditions->DeleteSubrange(i, 1);
  }
}

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace reeve::client
