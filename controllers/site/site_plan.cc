#include "controllers/site/site_plan.h"

#include <algorithm>
#include <utility>

#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

bool IsWanted(const SiteView& view, const v1::Instance& instance) {
  return instance.spec().ordinal() < view.site.spec().replicas() &&
         !HasLostHost(view.world, instance);
}

// Copies that stay.
std::vector<const v1::Instance*> Kept(const SiteView& view) {
  std::vector<const v1::Instance*> out;
  for (const v1::Instance* instance : view.instances) {
    if (!client::IsDeleting(instance->metadata()) && IsWanted(view, *instance))
      out.push_back(instance);
  }
  return out;
}

void DeleteUnwanted(const SiteView& view, Outcome* outcome) {
  for (auto it = view.instances.rbegin(); it != view.instances.rend(); ++it) {
    if (!IsWanted(view, **it)) PushDelete(**it, outcome);
  }
}

v1::Instance NewInstance(const v1::Site& site, int ordinal) {
  v1::Instance instance;
  instance.mutable_metadata()->set_namespace_(site.metadata().namespace_());
  instance.mutable_metadata()->set_name(InstanceName(site, ordinal));
  client::AddFinalizer(instance.mutable_metadata(), client::kInstanceFinalizer);
  *instance.mutable_metadata()->add_owner_references() =
      client::ControllerRef("Site", site.metadata());
  *instance.mutable_spec() = ResolveSpec(site, ordinal, "");
  return instance;
}

void CreateMissing(const SiteView& view, Outcome* outcome) {
  for (int ordinal = 0; ordinal < view.site.spec().replicas(); ++ordinal) {
    const ObjectKey key = {"Instance", view.site.metadata().namespace_(),
                           InstanceName(view.site, ordinal)};
    // One of an earlier site of this name may still be on its way out.
    if (view.world.Find(key) == nullptr) PushCreate(NewInstance(view.site, ordinal), outcome);
  }
}

void PushNewSpec(const v1::Site& site, v1::Instance instance, Outcome* outcome) {
  *instance.mutable_spec() = ResolveSpec(site, instance.spec().ordinal(), instance.spec().host());
  PushUpdate(std::move(instance), outcome);
}

bool HasServed(const v1::Instance& instance) { return !instance.status().live_blob().empty(); }

// The next of those that served: one that is broken anyway, before one that works.
const v1::Instance* NextToUpdate(const SiteView& view,
                                 const std::vector<const v1::Instance*>& kept) {
  const v1::Instance* next = nullptr;
  for (const v1::Instance* instance : kept) {
    if (IsUpToDate(view.site, *instance)) {
      if (!IsReady(*instance)) return nullptr;
    } else if (HasServed(*instance) &&
               (next == nullptr || (IsReady(*next) && !IsReady(*instance)))) {
      next = instance;
    }
  }
  return next;
}

void UpdateOutdated(const SiteView& view, Outcome* outcome) {
  const std::vector<const v1::Instance*> kept = Kept(view);
  for (const v1::Instance* instance : kept) {
    if (!HasServed(*instance) && !IsUpToDate(view.site, *instance))
      PushNewSpec(view.site, *instance, outcome);
  }
  if (const v1::Instance* next = NextToUpdate(view, kept)) PushNewSpec(view.site, *next, outcome);
}

v1::Domain NewDomain(const v1::Site& site, const std::string& hostname) {
  v1::Domain domain;
  domain.mutable_metadata()->set_namespace_(site.metadata().namespace_());
  domain.mutable_metadata()->set_name(hostname);
  client::AddFinalizer(domain.mutable_metadata(), client::kDomainFinalizer);
  *domain.mutable_metadata()->add_owner_references() =
      client::ControllerRef("Site", site.metadata());
  domain.mutable_spec()->set_hostname(hostname);
  domain.mutable_spec()->set_site(site.metadata().name());
  return domain;
}

bool Names(const v1::Site& site, const std::string& hostname) {
  const auto& domains = site.spec().domains();
  return std::find(domains.begin(), domains.end(), hostname) != domains.end();
}

}  // namespace

void PlanInstances(const SiteView& view, Outcome* outcome) {
  DeleteUnwanted(view, outcome);
  CreateMissing(view, outcome);
  UpdateOutdated(view, outcome);
}

void PlanDomains(const SiteView& view, Outcome* outcome) {
  for (const v1::Domain* domain : view.domains) {
    if (!Names(view.site, domain->spec().hostname())) PushDelete(*domain, outcome);
  }
  for (const std::string& hostname : view.site.spec().domains()) {
    const ObjectKey key = {"Domain", view.site.metadata().namespace_(), hostname};
    if (view.world.Find(key) == nullptr) PushCreate(NewDomain(view.site, hostname), outcome);
  }
}

}  // namespace reeve::controllers
