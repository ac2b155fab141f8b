#include "controllers/instance/placement.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

std::vector<std::string> HostNames(const World& world, const v1::Placement& placement) {
  if (placement.hosts_size() > 0) return {placement.hosts().begin(), placement.hosts().end()};
  std::vector<std::string> names;
  for (const v1::Host* host : AllAs<v1::Host>(world.All("Host")))
    names.push_back(host->metadata().name());
  return names;
}

// Other copies of the same site on `host`.
size_t Copies(const World& world, const v1::Instance& instance, const std::string& host) {
  const v1::OwnerReference* owner = client::FindController(instance.metadata());
  if (owner == nullptr) return 0;
  const std::vector<const v1::Instance*> siblings =
      AllAs<v1::Instance>(world.OwnedBy(owner->uid()));
  return std::count_if(siblings.begin(), siblings.end(), [&](const v1::Instance* sibling) {
    return sibling->spec().host() == host && sibling->metadata().uid() != instance.metadata().uid();
  });
}

// "key=value" of the first wanted label that the host lacks.
std::optional<std::string> MissingLabel(const v1::Host& host, const v1::Placement& placement) {
  std::vector<std::pair<std::string, std::string>> wanted(placement.host_labels().begin(),
                                                          placement.host_labels().end());
  std::sort(wanted.begin(), wanted.end());
  for (const auto& [key, value] : wanted) {
    const auto it = host.metadata().labels().find(key);
    if (it == host.metadata().labels().end() || it->second != value)
      return fmt::format("{}={}", key, value);
  }
  return std::nullopt;
}

std::string NotReady(const v1::Host& host) {
  const v1::Condition* ready = client::FindCondition(host.status().conditions(), client::kReady);
  return ready == nullptr ? "not ready" : fmt::format("not ready ({})", ready->reason());
}

// Why `host` is not taken; nullopt when it may be.
std::optional<std::string> WhyNot(const World& world, const v1::Instance& instance,
                                  const v1::Host* host) {
  if (host == nullptr) return "no such host";
  const v1::Placement& placement = instance.spec().placement();
  if (client::IsDeleting(host->metadata()) || host->spec().abandoned()) return "being removed";
  if (host->spec().cordoned()) return "cordoned";
  if (!client::IsTrue(host->status().conditions(), client::kReady)) return NotReady(*host);
  if (const auto label = MissingLabel(*host, placement))
    return fmt::format("without label {}", *label);
  if (!placement.allow_same_host() && Copies(world, instance, host->metadata().name()) > 0) {
    return "has a copy of this site";
  }
  return std::nullopt;
}

}  // namespace

Choice Place(const World& world, const v1::Instance& instance) {
  const v1::Placement& placement = instance.spec().placement();
  using Rank = std::tuple<size_t, size_t, std::string>;
  std::optional<Rank> best;
  std::vector<std::string> refusals;
  const std::vector<std::string> names = HostNames(world, placement);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    if (const auto why = WhyNot(world, instance, world.Get<v1::Host>("", name))) {
      refusals.push_back(fmt::format("{}: {}", name, *why));
      continue;
    }
    const size_t load =
        placement.hosts_size() > 0 ? i : world.Indexed("Instance", "spec.host", name).size();
    const Rank rank(Copies(world, instance, name), load, name);
    if (!best.has_value() || rank < *best) best = rank;
  }
  if (best.has_value()) return {std::get<2>(*best), ""};
  return {"", refusals.empty() ? "there is no host" : Join(refusals, "; ")};
}

}  // namespace reeve::controllers
