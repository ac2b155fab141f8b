#include "controllers/runtime/work_state.h"

#include <fmt/format.h>

namespace reeve::controllers {
namespace {

bool IsObserved(const v1::Work& work) {
  return work.status().observed_generation() == work.metadata().generation();
}

bool IsFalse(const v1::Condition* condition) {
  return condition != nullptr && condition->status() == v1::Condition::False;
}

Trouble Of(const v1::Condition& condition) {
  return {condition.reason(), client::FirstLine(condition.message())};
}

}  // namespace

bool IsConfirmed(const v1::Work& work) {
  return IsObserved(work) && work.status().state() == v1::WorkStatus::Applied;
}

bool IsConfirmedHealthy(const v1::Work& work) {
  return IsConfirmed(work) && client::IsTrueAt(work.status().conditions(), client::kHealthy,
                                               work.metadata().generation());
}

bool IsConfirmedUnhealthy(const v1::Work& work) {
  const v1::Condition* healthy =
      client::FindCondition(work.status().conditions(), client::kHealthy);
  return IsConfirmed(work) && IsFalse(healthy) &&
         healthy->observed_generation() == work.metadata().generation();
}

bool IsFailed(const v1::Work& work) {
  const auto state = work.status().state();
  return IsObserved(work) && (state == v1::WorkStatus::Failed || state == v1::WorkStatus::Refused);
}

Trouble TroubleOf(const v1::Work& work) {
  const auto& conditions = work.status().conditions();
  const v1::Condition* applied = client::FindCondition(conditions, client::kApplied);
  const v1::Condition* healthy = client::FindCondition(conditions, client::kHealthy);
  if (!IsObserved(work))
    return {"Applying",
            fmt::format("host {} has not confirmed this version yet", work.spec().host())};
  if (IsFalse(applied)) return Of(*applied);
  if (!IsConfirmed(work)) return {"Applying", fmt::format("host {} is at it", work.spec().host())};
  if (IsFalse(healthy)) return Of(*healthy);
  return {"NotProbed", fmt::format("host {} has not seen it healthy yet", work.spec().host())};
}

const v1::Artifact::Unit* FindUnit(const v1::WorkSpec& spec) {
  for (const v1::Artifact& artifact : spec.artifacts()) {
    if (artifact.has_unit()) return &artifact.unit();
  }
  return nullptr;
}

const v1::Artifact::NginxSite* FindRoute(const v1::WorkSpec& spec) {
  for (const v1::Artifact& artifact : spec.artifacts()) {
    if (artifact.has_nginx_site()) return &artifact.nginx_site();
  }
  return nullptr;
}

}  // namespace reeve::controllers
