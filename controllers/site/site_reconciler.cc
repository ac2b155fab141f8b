#include "controllers/site/site_reconciler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "controllers/runtime/objects.h"
#include "controllers/site/site_plan.h"
#include "controllers/site/site_view.h"

namespace reeve::controllers {
namespace {

using client::Finding;
using v1::Condition;
using Phase = v1::SiteStatus;

// Whether a Host that is missing is gone or not known yet, its informer will tell.
constexpr absl::Duration kLookAgain = absl::Seconds(5);

bool Counts(const SiteView& view, const v1::Instance& instance) {
  return !client::IsDeleting(instance.metadata()) &&
         instance.spec().ordinal() < view.site.spec().replicas() &&
         IsUpToDate(view.site, instance) && IsReady(instance);
}

int CountReady(const SiteView& view) {
  return static_cast<int>(
      std::count_if(view.instances.begin(), view.instances.end(),
                    [&](const auto* instance) { return Counts(view, *instance); }));
}

// With the present spec: what is said of an earlier one is old.
bool HasFailed(const SiteView& view, const v1::Instance& instance) {
  return instance.status().phase() == v1::InstanceStatus::Failed &&
         instance.status().observed_generation() == instance.metadata().generation() &&
         IsUpToDate(view.site, instance);
}

const v1::Instance* FirstFailed(const SiteView& view) {
  for (const v1::Instance* instance : view.instances) {
    if (HasFailed(view, *instance)) return instance;
  }
  return nullptr;
}

// The failed one says more than the one that waits for its turn.
const v1::Instance* FirstNotReady(const SiteView& view) {
  if (const v1::Instance* failed = FirstFailed(view)) return failed;
  const v1::Instance* waiting = nullptr;
  for (const v1::Instance* instance : view.instances) {
    if (!IsReady(*instance)) return instance;
    if (waiting == nullptr && !Counts(view, *instance)) waiting = instance;
  }
  return waiting;
}

std::string Words(const v1::Instance& instance) {
  const Condition* ready = client::FindCondition(instance.status().conditions(), client::kReady);
  if (ready == nullptr) return fmt::format("{}: not looked at yet", instance.metadata().name());
  if (ready->status() == Condition::True)
    return fmt::format("{}: still has the earlier spec", instance.metadata().name());
  return fmt::format("{}: {}: {}", instance.metadata().name(), ready->reason(), ready->message());
}

Finding NotReady(const SiteView& view, int ready) {
  const v1::Instance* worst = FirstNotReady(view);
  const bool starting = view.site.status().phase() == Phase::Provisioning ||
                        view.site.status().phase() == Phase::Created;
  const bool failed = worst != nullptr && worst->status().phase() == v1::InstanceStatus::Failed;
  return {client::kReady, Condition::False,
          starting && !failed ? "Provisioning" : "InstancesNotReady",
          fmt::format("{} of {} instances are ready; {}", ready, view.site.spec().replicas(),
                      worst == nullptr ? "the others are being made" : Words(*worst))};
}

std::optional<std::string> DomainTrouble(const SiteView& view) {
  for (const std::string& hostname : view.site.spec().domains()) {
    const auto* domain = view.world.Get<v1::Domain>(view.site.metadata().namespace_(), hostname);
    if (domain == nullptr) return fmt::format("{}: not made yet", hostname);
    if (domain->spec().site() != view.site.metadata().name()) {
      return fmt::format("{}: belongs to site {}", hostname, domain->spec().site());
    }
    const auto& conditions = domain->status().conditions();
    if (client::IsTrueAt(conditions, client::kReady, domain->metadata().generation())) continue;
    const Condition* ready = client::FindCondition(conditions, client::kReady);
    return fmt::format("{}: {}", hostname,
                       ready == nullptr ? "not looked at yet" : ready->message());
  }
  return std::nullopt;
}

// Nothing is moved by itself: what a copy keeps would stay behind.
std::optional<std::string> Misplaced(const SiteView& view) {
  const auto& allowed = view.site.spec().placement().hosts();
  for (const v1::Instance* instance : view.instances) {
    const std::string& host = instance->spec().host();
    if (host.empty() || allowed.empty() || std::ranges::count(allowed, host) > 0) continue;
    return fmt::format(
        "{} runs on host {}, which spec.placement.hosts does not name; it is not moved, as its "
        "state would stay behind: set replicas to 0 and back to place it anew",
        instance->metadata().name(), host);
  }
  return std::nullopt;
}

Finding ReadyFinding(const SiteView& view, int ready) {
  if (view.site.spec().blob().empty()) {
    return {client::kReady, Condition::False, "NoContent",
            fmt::format("no content yet: ctl deploy site/{} DIR", view.site.metadata().name())};
  }
  if (view.site.spec().replicas() == 0)
    return {client::kReady, Condition::False, "NoReplicas", "no copy is wanted"};
  if (ready < view.site.spec().replicas()) return NotReady(view, ready);
  if (auto misplaced = Misplaced(view))
    return {client::kReady, Condition::False, "PlacedElsewhere", *misplaced};
  if (auto trouble = DomainTrouble(view))
    return {client::kReady, Condition::False, "DomainsNotReady", *trouble};
  return {client::kReady, Condition::True, "AsWanted",
          fmt::format("{0} of {0} instances are ready", ready)};
}

// False: a copy could not be brought to the present spec, which `ctl deploy` need not wait for.
Finding ProgressFinding(const SiteView& view, int ready) {
  if (const v1::Instance* failed = FirstFailed(view))
    return {client::kProgressing, Condition::False, "InstanceFailed", Words(*failed)};
  if (view.site.spec().blob().empty())
    return {client::kProgressing, Condition::Unknown, "NoContent", "there is nothing to bring out"};
  const int wanted = view.site.spec().replicas();
  if (ready >= wanted)
    return {client::kProgressing, Condition::True, "Complete", "every copy has the present spec"};
  return {client::kProgressing, Condition::True, "Updating",
          fmt::format("{} of {} instances have the present spec", ready, wanted)};
}

Phase::Phase NextPhaseOf(const SiteView& view, int ready) {
  const Phase::Phase phase = view.site.status().phase();
  if (phase == Phase::Created || phase == Phase::Unspecified) {
    return view.site.spec().blob().empty() ? phase : Phase::Provisioning;
  }
  if (phase == Phase::Provisioning) {
    if (FirstFailed(view) != nullptr) return Phase::Failed;
    return ready >= view.site.spec().replicas() && !view.site.spec().blob().empty() ? Phase::Active
                                                                                    : phase;
  }
  if (phase == Phase::Failed) return FirstFailed(view) == nullptr ? Phase::Provisioning : phase;
  return phase;
}

// What all copies that serve have; while they differ, what it was.
std::string LiveBlob(const SiteView& view) {
  std::string live;
  for (const v1::Instance* instance : view.instances) {
    const std::string& blob = instance->status().live_blob();
    if (blob.empty() || blob == live) continue;
    if (!live.empty()) return view.site.status().blob();
    live = blob;
  }
  return live;
}

v1::Site WithStatus(const SiteView& view, Now now) {
  v1::Site after = view.site;
  v1::SiteStatus* status = after.mutable_status();
  const int ready = CountReady(view);
  status->set_observed_generation(view.site.metadata().generation());
  status->set_replicas(view.site.spec().replicas());
  status->set_ready_replicas(ready);
  status->set_blob(LiveBlob(view));
  status->set_phase(NextPhaseOf(view, ready));
  for (const Finding& finding : {ReadyFinding(view, ready), ProgressFinding(view, ready)}) {
    client::SetCondition(status->mutable_conditions(), finding, view.site.metadata().generation(),
                         now.wall);
  }
  return after;
}

// Along the table, without ever passing through Active: nothing is called active that is not.
Phase::Phase TowardsDestroying(Phase::Phase phase) {
  switch (phase) {
    case Phase::Unspecified:
      return Phase::Created;
    case Phase::Created:
      return Phase::Provisioning;
    case Phase::Provisioning:
    case Phase::DomainRemoving:
      return Phase::Failed;
    case Phase::DomainPending:
    case Phase::DomainValidating:
    case Phase::DomainRouting:
      return Phase::Active;
    case Phase::Active:
    case Phase::DomainActive:
    case Phase::Failed:
      return Phase::Destroying;
    default:
      return phase;
  }
}

v1::Site WithDestroyingStatus(const SiteView& view, Now now) {
  v1::Site after = view.site;
  v1::SiteStatus* status = after.mutable_status();
  const bool gone = view.domains.empty() && view.instances.empty();
  const bool destroying = status->phase() == Phase::Destroying;
  status->set_observed_generation(view.site.metadata().generation());
  status->set_phase(gone && destroying ? Phase::Destroyed : TowardsDestroying(status->phase()));
  status->set_ready_replicas(0);
  const Finding finding = {
      client::kReady, Condition::False, "Destroying",
      fmt::format("waiting for {}", !view.domains.empty() ? "its domains" : "its instances")};
  client::SetCondition(status->mutable_conditions(), finding, view.site.metadata().generation(),
                       now.wall);
  return after;
}

// Names first, so that nobody is sent to a copy that is going.
Outcome Destroy(const SiteView& view, Now now) {
  if (view.site.status().phase() == Phase::Destroyed)
    return WithoutFinalizer(view.site, client::kSiteFinalizer);
  Outcome outcome;
  PushStatus(view.site, WithDestroyingStatus(view, now), &outcome);
  for (const v1::Domain* domain : view.domains) PushDelete(*domain, &outcome);
  if (!view.domains.empty()) return outcome;
  for (const v1::Instance* instance : view.instances) PushDelete(*instance, &outcome);
  return outcome;
}

bool AwaitsHost(const SiteView& view) {
  return std::any_of(view.instances.begin(), view.instances.end(),
                     [&](const v1::Instance* instance) {
                       return !instance->spec().host().empty() &&
                              view.world.Get<v1::Host>("", instance->spec().host()) == nullptr;
                     });
}

Outcome ReconcileSite(const World& world, const ObjectKey& key, Now now) {
  const v1::Site* site = world.Get<v1::Site>(key.ns, key.name);
  if (site == nullptr) return Outcome::Done();
  const SiteView view = LookAtSite(world, *site);
  if (client::IsDeleting(site->metadata())) return Destroy(view, now);
  if (!client::HasFinalizer(site->metadata(), client::kSiteFinalizer)) {
    return WithFinalizer(*site, client::kSiteFinalizer);
  }
  Outcome outcome;
  PlanInstances(view, &outcome);
  PlanDomains(view, &outcome);
  PushStatus(*site, WithStatus(view, now), &outcome);
  if (AwaitsHost(view)) outcome.after = kLookAgain;
  return outcome;
}

// A Host that is given up or gone: the sites with copies on it.
void OfHost(const World& world, const v1::Host& host, bool gone, std::vector<ObjectKey>* keys) {
  if (!gone && !host.spec().abandoned()) return;
  for (const v1::Object* object : world.Indexed("Instance", "spec.host", host.metadata().name())) {
    AddController(keys, "Site", nullptr, object);
  }
}

// A copy or a name that is gone frees its name for one of this Site.
std::vector<ObjectKey> WakesSites(const World& world, const v1::Object* before,
                                  const v1::Object* after) {
  std::vector<ObjectKey> keys;
  AddController(&keys, "Site", before, after);
  const v1::Object* either = after != nullptr ? after : before;
  const std::string& ns = schema::Meta(*either).namespace_();
  if (const auto* instance = As<v1::Instance>(either))
    AddKey(&keys, {"Site", ns, instance->spec().site()});
  if (const auto* domain = As<v1::Domain>(either))
    AddKey(&keys, {"Site", ns, domain->spec().site()});
  if (const auto* host = As<v1::Host>(either)) OfHost(world, *host, after == nullptr, &keys);
  return keys;
}

}  // namespace

const Reconciler kSiteReconciler = {"site", "Site", ReconcileSite, WakesSites};

}  // namespace reeve::controllers
