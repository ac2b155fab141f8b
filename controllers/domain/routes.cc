#include "controllers/domain/routes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/names.h"
#include "controllers/instance/artifacts.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

using NginxSite = v1::Artifact::NginxSite;

constexpr int kHttpPort = 80;

const v1::Work* WorkOf(const World& world, const v1::Instance& instance) {
  const std::vector<const v1::Work*> works =
      AllAs<v1::Work>(world.OwnedBy(instance.metadata().uid()));
  return works.empty() ? nullptr : works.front();
}

bool Serves(const World& world, const v1::Instance& instance) {
  const v1::Work* work = WorkOf(world, instance);
  return work != nullptr && !client::IsDeleting(work->metadata()) && IsConfirmedHealthy(*work);
}

bool MayServe(const World& world, const v1::Instance& instance) {
  const v1::Host* host = world.Get<v1::Host>("", instance.spec().host());
  return host != nullptr && !host->spec().abandoned() && !client::IsDeleting(instance.metadata());
}

bool LeadsTo(const NginxSite* route, const v1::Instance& instance) {
  if (route == nullptr) return false;
  if (route->has_upstream()) return route->upstream().instance_uid() == instance.metadata().uid();
  return route->files().dir() == InstanceHostName(instance);
}

// The copies of the site that may serve, by host, lowest ordinal first.
std::map<std::string, std::vector<const v1::Instance*>> CopiesByHost(const World& world,
                                                                     const v1::Domain& domain) {
  std::map<std::string, std::vector<const v1::Instance*>> out;
  const v1::Site* site = world.Get<v1::Site>(domain.metadata().namespace_(), domain.spec().site());
  if (site == nullptr) return out;
  std::vector<const v1::Instance*> all = AllAs<v1::Instance>(world.OwnedBy(site->metadata().uid()));
  std::sort(all.begin(), all.end(),
            [](auto* a, auto* b) { return a->spec().ordinal() < b->spec().ordinal(); });
  for (const v1::Instance* instance : all) {
    if (MayServe(world, *instance)) out[instance->spec().host()].push_back(instance);
  }
  return out;
}

// Where the route leads now, if that serves; else the first that serves; else where it leads now;
// else none.
const v1::Instance* Choose(const World& world, const std::vector<const v1::Instance*>& copies,
                           const NginxSite* present) {
  const v1::Instance* now = nullptr;
  const v1::Instance* first = nullptr;
  for (const v1::Instance* instance : copies) {
    if (LeadsTo(present, *instance)) now = instance;
    if (first == nullptr && Serves(world, *instance)) first = instance;
  }
  if (now != nullptr && (first == nullptr || Serves(world, *now))) return now;
  return first;
}

void SetBackend(const World& world, const v1::Instance& instance, const NginxSite* present,
                NginxSite* route) {
  const bool confirmed = Serves(world, instance);
  if (!confirmed && present->has_files()) *route->mutable_files() = present->files();
  if (!confirmed && present->has_upstream()) *route->mutable_upstream() = present->upstream();
  if (!confirmed) return;
  if (instance.spec().type() == v1::SiteSpec::Static) {
    route->mutable_files()->set_dir(InstanceHostName(instance));
    route->mutable_files()->set_root(instance.spec().static_().root());
    route->mutable_files()->set_fallback(instance.spec().static_().fallback());
    return;
  }
  route->mutable_upstream()->set_port(FindUnit(WorkOf(world, instance)->spec())->port());
  route->mutable_upstream()->set_instance_uid(instance.metadata().uid());
}

std::string Dashed(std::string name) {
  std::replace(name.begin(), name.end(), '.', '-');
  return name;
}

v1::Work NewRoute(const World& world, const v1::Domain& domain, const std::string& host) {
  const v1::ObjectMeta& meta = domain.metadata();
  v1::Work work;
  work.mutable_metadata()->set_namespace_(meta.namespace_());
  work.mutable_metadata()->set_name(
      HostSideName("domain", fmt::format("{}-{}", Dashed(meta.name()), host), meta.uid()));
  client::AddFinalizer(work.mutable_metadata(), client::kWorkFinalizer);
  *work.mutable_metadata()->add_owner_references() = client::ControllerRef("Domain", meta);
  work.mutable_spec()->set_host(host);
  v1::Artifact* artifact = work.mutable_spec()->add_artifacts();
  artifact->set_id("route");
  NginxSite* route = artifact->mutable_nginx_site();
  route->set_name(HostSideName("domain", Dashed(meta.name()), meta.uid()));
  route->add_server_names(domain.spec().hostname());
  const int port = world.Get<v1::Host>("", host)->spec().http_port();
  route->set_listen_port(port > 0 ? port : kHttpPort);
  if (domain.spec().has_http()) *route->mutable_http() = domain.spec().http();
  return work;
}

}  // namespace

std::map<std::string, const v1::Work*> RoutesInPlace(const World& world, const v1::Domain& domain) {
  std::map<std::string, const v1::Work*> out;
  for (const v1::Work* work : AllAs<v1::Work>(world.OwnedBy(domain.metadata().uid())))
    out[work->spec().host()] = work;
  return out;
}

std::map<std::string, v1::Work> RenderRoutes(const World& world, const v1::Domain& domain) {
  std::map<std::string, v1::Work> out;
  const std::map<std::string, const v1::Work*> present = RoutesInPlace(world, domain);
  for (const auto& [host, copies] : CopiesByHost(world, domain)) {
    const auto known = present.find(host);
    const NginxSite* route = known == present.end() ? nullptr : FindRoute(known->second->spec());
    const v1::Instance* instance = Choose(world, copies, route);
    if (instance == nullptr) continue;
    v1::Work work = NewRoute(world, domain, host);
    SetBackend(world, *instance, route,
               work.mutable_spec()->mutable_artifacts(0)->mutable_nginx_site());
    out.emplace(host, WithDefaults(std::move(work)));
  }
  return out;
}

}  // namespace reeve::controllers
