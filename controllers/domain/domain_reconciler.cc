#include "controllers/domain/domain_reconciler.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "controllers/domain/routes.h"
#include "controllers/runtime/facts.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

using client::Finding;
using v1::Condition;
using Routes = std::map<std::string, v1::Work>;
using Present = std::map<std::string, const v1::Work*>;

std::string FactName(const v1::Domain& domain) { return "dns/" + domain.spec().hostname(); }

// The Work on that host is there, as wanted, and confirmed.
bool IsRouted(const v1::Work& wanted, const Present& present) {
  const auto it = present.find(wanted.spec().host());
  return it != present.end() && !client::IsDeleting(it->second->metadata()) &&
         Same(it->second->spec(), wanted.spec()) && IsConfirmed(*it->second);
}

void PushRoutes(const Routes& wanted, const Present& present, Outcome* outcome) {
  for (const auto& [host, work] : present) {
    if (!wanted.contains(host)) PushDelete(*work, outcome);
  }
  for (const auto& [host, work] : wanted) {
    const auto known = present.find(host);
    if (known == present.end()) {
      PushCreate(work, outcome);
    } else if (!client::IsDeleting(known->second->metadata()) &&
               !Same(known->second->spec(), work.spec())) {
      v1::Work changed = *known->second;
      *changed.mutable_spec() = work.spec();
      PushUpdate(std::move(changed), outcome);
    }
  }
}

std::vector<std::string> Edges(const Routes& wanted, const Present& present) {
  std::vector<std::string> edges;
  for (const auto& [host, work] : wanted) {
    if (IsRouted(work, present)) edges.push_back(host);
  }
  return edges;
}

std::string PhaseWanted(const Routes& wanted, size_t edges) {
  if (wanted.empty()) return "Pending";
  return edges == wanted.size() ? "Active" : "Routing";
}

void StepPhase(const std::string& wanted, v1::DomainStatus* status) {
  const std::string from = status->phase() == v1::DomainStatus::Unspecified
                               ? ""
                               : v1::DomainStatus::Phase_Name(status->phase());
  v1::DomainStatus::Phase next = status->phase();
  v1::DomainStatus::Phase_Parse(NextPhase("Domain", from, wanted), &next);
  status->set_phase(next);
}

Finding NotRouted(const World& world, const v1::Domain& domain, const Routes& wanted,
                  const Present& present) {
  const std::string& site = domain.spec().site();
  if (world.Get<v1::Site>(domain.metadata().namespace_(), site) == nullptr) {
    return {client::kReady, Condition::False, "SiteNotFound",
            fmt::format("site {} does not exist", site)};
  }
  for (const auto& [host, work] : wanted) {
    if (IsRouted(work, present)) continue;
    const auto it = present.find(host);
    const bool told = it != present.end() && Same(it->second->spec(), work.spec());
    if (!told)
      return {client::kReady, Condition::False, "Routing",
              fmt::format("host {} is being told", host)};
    const Trouble trouble = TroubleOf(*it->second);
    return {client::kReady, Condition::False, IsFailed(*it->second) ? trouble.reason : "Routing",
            fmt::format("{}: {}", host, trouble.message)};
  }
  return {client::kReady, Condition::False, "NoHealthyInstance",
          fmt::format("no instance of site {} is healthy yet", site)};
}

Finding DnsFinding(const World& world, const v1::Domain& domain) {
  const std::string* answer = world.Fact(FactName(domain));
  if (answer == nullptr || *answer == kNotChecked) {
    return {client::kDnsReady, Condition::Unknown, kNotChecked, "DNS is not looked at"};
  }
  return {client::kDnsReady, *answer == "Ready" ? Condition::True : Condition::False,
          *answer == "Ready" ? "Resolves" : "DoesNotResolve", client::FirstLine(*answer)};
}

v1::Domain WithStatus(const World& world, const v1::Domain& domain, const Routes& wanted, Now now) {
  v1::Domain after = domain;
  v1::DomainStatus* status = after.mutable_status();
  const Generation generation = domain.metadata().generation();
  const Present present = RoutesInPlace(world, domain);
  const std::vector<std::string> edges = Edges(wanted, present);
  status->set_observed_generation(generation);
  *status->mutable_edges() = {edges.begin(), edges.end()};
  StepPhase(PhaseWanted(wanted, edges.size()), status);
  const bool active = status->phase() == v1::DomainStatus::Active &&
                      edges.size() == wanted.size() && !edges.empty();
  const Finding ready =
      active ? Finding{client::kReady, Condition::True, "Routed", "routed on " + Join(edges, ", ")}
             : NotRouted(world, domain, wanted, present);
  client::SetCondition(status->mutable_conditions(), DnsFinding(world, domain), generation,
                       now.wall);
  client::SetCondition(status->mutable_conditions(), ready, generation, now.wall);
  return after;
}

Outcome Remove(const World& world, const v1::Domain& domain, Now now) {
  const Present present = RoutesInPlace(world, domain);
  if (present.empty()) return WithoutFinalizer(domain, client::kDomainFinalizer);
  Outcome outcome;
  v1::Domain after = domain;
  v1::DomainStatus* status = after.mutable_status();
  const Generation generation = domain.metadata().generation();
  status->set_observed_generation(generation);
  StepPhase("Removing", status);
  const Finding finding = {
      client::kReady, Condition::False, "Removing",
      fmt::format("waiting for host {} to take the route away", present.begin()->first)};
  client::SetCondition(status->mutable_conditions(), finding, generation, now.wall);
  PushStatus(domain, std::move(after), &outcome);
  PushRoutes({}, present, &outcome);
  return outcome;
}

Outcome ReconcileDomain(const World& world, const ObjectKey& key, Now now) {
  const v1::Domain* domain = world.Get<v1::Domain>(key.ns, key.name);
  if (domain == nullptr) return Outcome::Done();
  if (client::IsDeleting(domain->metadata())) return Remove(world, *domain, now);
  if (!client::HasFinalizer(domain->metadata(), client::kDomainFinalizer)) {
    return WithFinalizer(*domain, client::kDomainFinalizer);
  }
  Outcome outcome;
  if (world.Fact(FactName(*domain)) == nullptr)
    outcome.effects.push_back(RequestFact{FactName(*domain)});
  const Routes wanted = RenderRoutes(world, *domain);
  PushRoutes(wanted, RoutesInPlace(world, *domain), &outcome);
  PushStatus(*domain, WithStatus(world, *domain, wanted, now), &outcome);
  return outcome;
}

void OfSite(const World& world, const std::string& ns, const std::string& site,
            std::vector<ObjectKey>* keys) {
  for (const v1::Domain* domain : IndexedIn<v1::Domain>(world, ns, "spec.site", site))
    AddKey(keys, KeyOf(*domain));
}

// The Work of an Instance: the names of its site.
void OfWork(const World& world, const v1::Work& work, std::vector<ObjectKey>* keys) {
  const v1::OwnerReference* owner = client::FindController(work.metadata());
  const std::string& ns = work.metadata().namespace_();
  if (owner == nullptr || owner->kind() != "Instance") return;
  const auto* instance = world.Get<v1::Instance>(ns, owner->name());
  if (instance != nullptr) OfSite(world, ns, instance->spec().site(), keys);
}

void OfHost(const World& world, const v1::Host* before, const v1::Host* after,
            std::vector<ObjectKey>* keys) {
  if (before != nullptr && after != nullptr && Same(before->spec(), after->spec())) return;
  const std::string& name = (after != nullptr ? after : before)->metadata().name();
  for (const v1::Object* work : world.Indexed("Work", "spec.host", name))
    AddController(keys, "Domain", nullptr, work);
  for (const v1::Instance* instance :
       AllAs<v1::Instance>(world.Indexed("Instance", "spec.host", name))) {
    OfSite(world, instance->metadata().namespace_(), instance->spec().site(), keys);
  }
}

std::vector<ObjectKey> WakesDomains(const World& world, const v1::Object* before,
                                    const v1::Object* after) {
  std::vector<ObjectKey> keys;
  AddController(&keys, "Domain", before, after);
  const v1::Object* either = after != nullptr ? after : before;
  const std::string& ns = schema::Meta(*either).namespace_();
  if (const auto* site = As<v1::Site>(either)) OfSite(world, ns, site->metadata().name(), &keys);
  if (const auto* instance = As<v1::Instance>(either))
    OfSite(world, ns, instance->spec().site(), &keys);
  if (const auto* work = As<v1::Work>(either)) OfWork(world, *work, &keys);
  if (As<v1::Host>(either) != nullptr)
    OfHost(world, As<v1::Host>(before), As<v1::Host>(after), &keys);
  return keys;
}

}  // namespace

const Reconciler kDomainReconciler = {"domain", "Domain", ReconcileDomain, WakesDomains};

}  // namespace reeve::controllers
