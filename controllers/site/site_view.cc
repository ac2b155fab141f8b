#include "controllers/site/site_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "controllers/runtime/objects.h"

namespace reeve::controllers {

SiteView LookAtSite(const World& world, const v1::Site& site) {
  const std::vector<const v1::Object*> owned = world.OwnedBy(site.metadata().uid());
  SiteView view = {world, site, AllAs<v1::Instance>(owned), AllAs<v1::Domain>(owned)};
  std::sort(view.instances.begin(), view.instances.end(),
            [](const auto* a, const auto* b) { return a->spec().ordinal() < b->spec().ordinal(); });
  return view;
}

std::string InstanceName(const v1::Site& site, int ordinal) {
  return fmt::format("{}-{}", site.metadata().name(), ordinal);
}

v1::InstanceSpec ResolveSpec(const v1::Site& site, int ordinal, const std::string& host) {
  v1::InstanceSpec spec;
  spec.set_site(site.metadata().name());
  spec.set_host(host);
  spec.set_type(site.spec().type());
  spec.set_blob(site.spec().blob());
  if (site.spec().has_process()) *spec.mutable_process() = site.spec().process();
  if (site.spec().has_static_()) *spec.mutable_static_() = site.spec().static_();
  if (site.spec().has_health()) *spec.mutable_health() = site.spec().health();
  if (site.spec().has_placement()) *spec.mutable_placement() = site.spec().placement();
  spec.set_ordinal(ordinal);
  return spec;
}

bool IsUpToDate(const v1::Site& site, const v1::Instance& instance) {
  v1::Instance wanted;
  *wanted.mutable_spec() = ResolveSpec(site, instance.spec().ordinal(), instance.spec().host());
  return !schema::SpecDiffers(schema::Wrap(WithDefaults(wanted)), schema::Wrap(instance));
}

bool IsReady(const v1::Instance& instance) {
  return client::IsTrueAt(instance.status().conditions(), client::kReady,
                          instance.metadata().generation());
}

bool HasLostHost(const World& world, const v1::Instance& instance) {
  const std::string& name = instance.spec().host();
  if (name.empty()) return false;
  const v1::Host* host = world.Get<v1::Host>("", name);
  if (host != nullptr) return host->spec().abandoned();
  return world.Caught("Host", schema::Wrap(instance));
}

}  // namespace reeve::controllers
