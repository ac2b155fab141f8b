// The table of providers, and of what they render. One line each: the linker drops objects that
// register themselves.
#include "agents/providers.h"

#include <utility>

#include "agents/files/files_provider.h"
#include "agents/nginx/nginx_provider.h"
#include "agents/nginx/site_file.h"
#include "agents/save_aside.h"
#include "agents/systemd/systemd_provider.h"
#include "agents/systemd/unit_file.h"
#include "agents/users/users_provider.h"

namespace reeve::agents {

Providers NewProviders(const Host& host) {
  Providers providers;
  providers.push_back(users::NewUsersProvider(host));
  providers.push_back(files::NewFilesProvider(host));
  providers.push_back(systemd::NewSystemdProvider(host));
  providers.push_back(nginx::NewNginxProvider(host));
  providers.push_back(NewSaveAside(host));
  return providers;
}

Renderers NewRenderers(const HostPaths& paths) {
  Renderers renderers;
  renderers.unit = [paths](const v1::Artifact::Unit& unit, const std::string& owner,
                           const pb::Inventory& inventory) {
    systemd::UnitInput input = {.unit = &unit, .owner = owner, .paths = &paths};
    for (const auto& runtime : inventory.runtimes())
      input.runtimes.emplace_back(runtime.name(), runtime.path());
    return systemd::RenderUnit(input);
  };
  renderers.site = [paths](const v1::Artifact::NginxSite& site, const std::string& owner) {
    return nginx::RenderSite({.site = &site, .owner = owner, .paths = &paths});
  };
  return renderers;
}

}  // namespace reeve::agents
