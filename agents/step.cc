#include "agents/step.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace reeve::agents {
namespace {

// The hash is long and says nothing in a list of steps.
std::string Short(const std::string& digest) { return digest.substr(0, 15); }

// Of a step of a plan. A step by itself, as errors show it to the owner of one route, does not name
// the routes of the others.
std::string DescribeInPlan(const pb::Step& step) {
  std::string text = Describe(step);
  if (!step.has_stage_sites()) return text;
  text += ":";
  for (const auto& site : step.stage_sites().sites()) text += " " + site.name();
  for (const auto& name : step.stage_sites().keep()) text += " " + name + " (as it is)";
  return text;
}

std::string DescribeLane(const pb::Lane& lane, bool daemon_reload) {
  std::string text = fmt::format("{}{}:\n", lane.work(), lane.forward() ? " (removal)" : "");
  for (const pb::Step& step : lane.before()) text += fmt::format("  {}\n", DescribeInPlan(step));
  if (daemon_reload && !lane.after().empty())
    text += "  -- systemd daemon-reload, once for all --\n";
  for (const pb::Step& step : lane.after()) text += fmt::format("  {}\n", DescribeInPlan(step));
  return text;
}

}  // namespace

std::string Describe(const pb::Step& step) {
  using S = pb::Step;
  switch (step.what_case()) {
    case S::kEnsureUser:
      return fmt::format("make user {} (uid {})", step.ensure_user().name(),
                         step.ensure_user().uid());
    case S::kRemoveUser:
      return fmt::format("remove user {}", step.remove_user().name());
    case S::kUnpackRelease:
      return fmt::format("unpack {} to {}", Short(step.unpack_release().blob()),
                         step.unpack_release().dir());
    case S::kSwitchRelease:
      return fmt::format("point {}/current at {}", step.switch_release().dir(),
                         Short(step.switch_release().blob()));
    case S::kPruneReleases:
      return fmt::format("remove old releases of {}, keeping {}", step.prune_releases().dir(),
                         step.prune_releases().keep_size());
    case S::kRemoveContent:
      return fmt::format("remove content {}", step.remove_content().dir());
    case S::kWriteUnit:
      return fmt::format("write unit file {}.service", step.write_unit().name());
    case S::kRunUnit:
      return fmt::format("{} unit {}", step.run_unit().restart() ? "restart" : "start",
                         step.run_unit().name());
    case S::kStopUnit:
      return fmt::format("stop unit {}", step.stop_unit().name());
    case S::kRemoveUnit:
      return fmt::format("remove unit file {}.service", step.remove_unit().name());
    case S::kDaemonReload:
      return "systemd daemon-reload";
    case S::kStageSites:
      return fmt::format("stage and test routes of generation {}", step.stage_sites().generation());
    case S::kSwitchSites:
      return fmt::format("make routes of generation {} live", step.switch_sites().generation());
    case S::kSaveAside:
      return fmt::format("keep {} aside as drift/{}", step.save_aside().path(),
                         step.save_aside().as());
    case S::WHAT_NOT_SET:
      break;
  }
  return "an unknown step";
}

std::string Describe(const pb::Plan& plan) {
  std::string text = fmt::format("stage {}\n", pb::Plan::Stage_Name(plan.stage()));
  for (const auto& lane : plan.lanes()) text += DescribeLane(lane, plan.daemon_reload());
  for (const auto& refusal : plan.refusals()) {
    text += fmt::format("refused {} {}: {}: {}\n", refusal.work(), refusal.artifact(),
                        refusal.reason(), refusal.message());
  }
  for (const auto& drift : plan.drifts())
    text += fmt::format("drift {} {}: {}\n", drift.work(), drift.artifact(), drift.what());
  for (const std::string& work : plan.settled()) text += fmt::format("settled {}\n", work);
  for (const std::string& work : plan.gone()) text += fmt::format("gone {}\n", work);
  return text;
}

}  // namespace reeve::agents
