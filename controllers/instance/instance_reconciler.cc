#include "controllers/instance/instance_reconciler.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "controllers/instance/artifacts.h"
#include "controllers/instance/instance_wakes.h"
#include "controllers/instance/placement.h"
#include "controllers/instance/routed.h"
#include "controllers/port/allocation.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

using client::Finding;
using v1::Condition;

// What exists for one Instance.
struct View {
  const v1::Instance& instance;
  const v1::Host* host;  // Null: not placed, or removed.
  const v1::Work* work;  // Null: not told to its host yet.
  int port;              // 0: none yet, or none needed.
};

View Look(const World& world, const v1::Instance& instance) {
  const v1::Work* work = nullptr;
  for (const v1::Work* owned : AllAs<v1::Work>(world.OwnedBy(instance.metadata().uid())))
    work = owned;
  return {instance, world.Get<v1::Host>("", instance.spec().host()), work, PortOf(world, instance)};
}

bool IsProcess(const v1::Instance& instance) {
  return instance.spec().type() == v1::SiteSpec::Process;
}

// Why nothing can be told to the host now.
std::optional<Trouble> Blocker(const World& world, const View& view) {
  const v1::InstanceSpec& spec = view.instance.spec();
  if (spec.blob().empty()) return Trouble{"NoContent", "the site has no content yet"};
  if (view.host == nullptr)
    return Trouble{"HostGone", fmt::format("host {} does not exist", spec.host())};
  if (view.host->spec().abandoned())
    return Trouble{"HostGone", fmt::format("host {} was given up", spec.host())};
  if (!IsProcess(view.instance)) return std::nullopt;
  if (spec.process().user_id() == 0) return Trouble{"NoUserId", "the site has no user id yet"};
  if (view.port > 0) return std::nullopt;
  if (const auto refusal = WhyNoPort(world, *view.host, view.instance))
    return Trouble{refusal->reason, refusal->message};
  return Trouble{"PortPending", fmt::format("waiting for a port of host {}", spec.host())};
}

// True when the Work says what the Instance wants now.
bool PushWork(const View& view, Outcome* outcome) {
  v1::Work wanted = WithDefaults(RenderInstanceWork(view.instance, view.port));
  if (view.work == nullptr) {
    PushCreate(std::move(wanted), outcome);
    return false;
  }
  if (client::IsDeleting(view.work->metadata())) return false;
  if (Same(view.work->spec(), wanted.spec())) return true;
  v1::Work changed = *view.work;
  *changed.mutable_spec() = wanted.spec();
  PushUpdate(std::move(changed), outcome);
  return false;
}

v1::InstanceStatus::Phase PhaseOf(const v1::Instance& instance, const v1::Work& work) {
  using Status = v1::InstanceStatus;
  if (IsFailed(work)) return Status::Failed;
  if (!IsConfirmed(work)) return Status::Starting;
  if (IsConfirmedHealthy(work)) return Status::Running;
  const Status::Phase phase = instance.status().phase();
  if (phase == Status::Running || phase == Status::Unhealthy) return Status::Unhealthy;
  return IsConfirmedUnhealthy(work) ? Status::Failed : Status::Starting;
}

void StepPhase(v1::InstanceStatus::Phase wanted, v1::InstanceStatus* status) {
  const std::string from = status->phase() == v1::InstanceStatus::Unspecified
                               ? ""
                               : v1::InstanceStatus::Phase_Name(status->phase());
  v1::InstanceStatus::Phase next = status->phase();
  v1::InstanceStatus::Phase_Parse(
      NextPhase("Instance", from, v1::InstanceStatus::Phase_Name(wanted)), &next);
  status->set_phase(next);
}

// What is known of a host that does not report is old: neither True nor False.
std::optional<Finding> Silent(const View& view) {
  if (view.host == nullptr || view.work == nullptr) return std::nullopt;
  const Condition* ready = client::FindCondition(view.host->status().conditions(), client::kReady);
  if (ready == nullptr || ready->status() != Condition::Unknown) return std::nullopt;
  return Finding{
      client::kReady, Condition::Unknown, "HostUnknown",
      fmt::format("host {} does not report; as last seen: {}", view.instance.spec().host(),
                  v1::InstanceStatus::Phase_Name(view.instance.status().phase()))};
}

Finding ReadyFinding(const View& view, const std::optional<Trouble>& blocker, bool current) {
  if (blocker.has_value())
    return {client::kReady, Condition::False, blocker->reason, blocker->message};
  if (auto silent = Silent(view)) return *silent;
  if (!current) return {client::kReady, Condition::False, "Applying", "the host is being told"};
  if (IsConfirmedHealthy(*view.work))
    return {client::kReady, Condition::True, "Healthy", "confirmed by its host"};
  const Trouble trouble = TroubleOf(*view.work);
  return {client::kReady, Condition::False, trouble.reason, trouble.message};
}

// `current`: the Work says what the Instance wants now, and is not about to be changed.
v1::Instance WithStatus(const World& world, const View& view, const std::optional<Trouble>& blocker,
                        bool current, Now now) {
  v1::Instance after = view.instance;
  v1::InstanceStatus* status = after.mutable_status();
  const Generation generation = view.instance.metadata().generation();
  status->set_observed_generation(generation);
  if (view.port > 0) status->set_port(view.port);
  if (current) {
    StepPhase(PhaseOf(view.instance, *view.work), status);
  } else if (!blocker.has_value()) {
    StepPhase(v1::InstanceStatus::Starting, status);
  } else if (view.work == nullptr) {
    StepPhase(v1::InstanceStatus::Pending, status);
  }
  if (current && IsConfirmedHealthy(*view.work)) status->set_live_blob(view.instance.spec().blob());
  const std::string placed = fmt::format("on host {}", view.instance.spec().host());
  client::SetCondition(status->mutable_conditions(),
                       {client::kPlaced, Condition::True, "Placed", placed}, generation, now.wall);
  client::SetCondition(status->mutable_conditions(), ReadyFinding(view, blocker, current),
                       generation, now.wall);
  if (const std::optional<Finding> routed = RoutedFinding(world, view.instance)) {
    client::SetCondition(status->mutable_conditions(), *routed, generation, now.wall);
  } else {
    client::DropCondition(status->mutable_conditions(), client::kRouted);
  }
  return after;
}

Outcome PlaceIt(const World& world, const v1::Instance& instance, Now now) {
  Outcome outcome;
  v1::Instance after = instance;
  const Choice choice = Place(world, instance);
  if (!choice.host.empty()) {
    after.mutable_spec()->set_host(choice.host);
    PushUpdate(std::move(after), &outcome);
    return outcome;
  }
  v1::InstanceStatus* status = after.mutable_status();
  const Generation generation = instance.metadata().generation();
  status->set_observed_generation(generation);
  StepPhase(v1::InstanceStatus::Pending, status);
  for (const char* type : {client::kPlaced, client::kReady}) {
    client::SetCondition(status->mutable_conditions(),
                         {type, Condition::False, "NoHost", choice.why_not}, generation, now.wall);
  }
  PushStatus(instance, std::move(after), &outcome);
  return outcome;
}

bool RefersTo(const v1::Artifact::NginxSite& route, const v1::Instance& instance) {
  if (route.has_upstream()) return route.upstream().instance_uid() == instance.metadata().uid();
  return route.files().dir() == InstanceHostName(instance);
}

// A Domain's Work on the same host that sends requests here, or did so before a change its host has
// not confirmed.
const v1::Work* RouteInPlace(const World& world, const v1::Instance& instance) {
  for (const v1::Work* work :
       AllAs<v1::Work>(world.Indexed("Work", "spec.host", instance.spec().host()))) {
    const v1::Artifact::NginxSite* route = FindRoute(work->spec());
    const v1::OwnerReference* owner = client::FindController(work->metadata());
    if (route == nullptr || owner == nullptr) continue;
    if (RefersTo(*route, instance)) return work;
    const v1::Domain* domain = world.Get<v1::Domain>(work->metadata().namespace_(), owner->name());
    const bool same_site = domain != nullptr && domain->spec().site() == instance.spec().site() &&
                           domain->metadata().namespace_() == instance.metadata().namespace_();
    if (same_site && !IsConfirmed(*work)) return work;
  }
  return nullptr;
}

Finding DeletionFinding(const v1::Work* route, const v1::Work* work) {
  if (route != nullptr) {
    return {client::kReleased, Condition::False, "RouteInPlace",
            fmt::format("waiting for host {} to take the route of {} away", route->spec().host(),
                        FindRoute(route->spec())->server_names_size() > 0
                            ? FindRoute(route->spec())->server_names(0)
                            : "")};
  }
  return {client::kReleased, Condition::False, "WorkInPlace",
          fmt::format("waiting for host {} to confirm the removal", work->spec().host())};
}

Outcome TakeDown(const World& world, const v1::Instance& instance, Now now) {
  Outcome outcome;
  const View view = Look(world, instance);
  const v1::Work* route = RouteInPlace(world, instance);
  if (view.work == nullptr && route == nullptr)
    return WithoutFinalizer(instance, client::kInstanceFinalizer);
  v1::Instance after = instance;
  v1::InstanceStatus* status = after.mutable_status();
  const Generation generation = instance.metadata().generation();
  status->set_observed_generation(generation);
  StepPhase(v1::InstanceStatus::Terminating, status);
  client::SetCondition(status->mutable_conditions(), DeletionFinding(route, view.work), generation,
                       now.wall);
  client::SetCondition(status->mutable_conditions(),
                       {client::kReady, Condition::False, "Terminating", "being taken down"},
                       generation, now.wall);
  PushStatus(instance, std::move(after), &outcome);
  if (route == nullptr) PushDelete(*view.work, &outcome);
  return outcome;
}

Outcome ReconcileInstance(const World& world, const ObjectKey& key, Now now) {
  const v1::Instance* instance = world.Get<v1::Instance>(key.ns, key.name);
  if (instance == nullptr) return Outcome::Done();
  if (client::IsDeleting(instance->metadata())) return TakeDown(world, *instance, now);
  if (!client::HasFinalizer(instance->metadata(), client::kInstanceFinalizer)) {
    return WithFinalizer(*instance, client::kInstanceFinalizer);
  }
  if (instance->spec().host().empty()) return PlaceIt(world, *instance, now);
  Outcome outcome;
  const View view = Look(world, *instance);
  const std::optional<Trouble> blocker = Blocker(world, view);
  const bool current = !blocker.has_value() && PushWork(view, &outcome);
  PushStatus(*instance, WithStatus(world, view, blocker, current, now), &outcome);
  return outcome;
}

}  // namespace

const Reconciler kInstanceReconciler = {"instance", "Instance", ReconcileInstance, WakesInstances};

}  // namespace reeve::controllers
