#include "controllers/port/allocation.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "client/timestamps.h"
#include "controllers/runtime/objects.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

const v1::Listener* FindForeign(const v1::Host& host, int number) {
  for (const v1::Listener& listener : host.status().foreign_listeners()) {
    if (listener.port() == number) return &listener;
  }
  return nullptr;
}

const v1::Port* FindPort(const World& world, const std::string& host, int number) {
  return world.Get<v1::Port>("", PortName(host, number));
}

std::optional<PortRefusal> WhyNotThisPort(const World& world, const v1::Host& host,
                                          const v1::Instance& instance) {
  const int number = instance.spec().process().port();
  const Range range = RangeOf(host);
  const std::string& name = host.metadata().name();
  if (number < range.first || number > range.last) {
    return PortRefusal{"PortOutOfRange",
                       fmt::format("port {} is not in {}-{}, the range of host {}", number,
                                   range.first, range.last, name)};
  }
  const v1::Port* port = FindPort(world, name, number);
  if (port != nullptr && IsHeld(*port) &&
      port->spec().holder().uid() != instance.metadata().uid()) {
    const v1::ObjectRef& holder = port->spec().holder();
    return PortRefusal{"PortHeld", fmt::format("port {} of host {} is held by Instance {}/{}",
                                               number, name, holder.namespace_(), holder.name())};
  }
  if (const v1::Listener* foreign = FindForeign(host, number)) {
    return PortRefusal{
        "PortInUse",
        fmt::format("port {} of host {} is in use by {}, which Reeve did not start", number, name,
                    foreign->process().empty() ? "a process" : foreign->process())};
  }
  return std::nullopt;
}

// Of several ports that one Instance holds the least is used: first what nobody else listens on,
// then what it was given last.
auto Rank(const v1::Host* host, const v1::Port& port) {
  const bool foreign = host != nullptr && FindForeign(*host, port.spec().number()) != nullptr;
  return std::tuple(foreign, -absl::ToUnixNanos(client::ToTime(port.spec().held_since())),
                    port.spec().number());
}

// Explicit numbers that sites ask for on this host, whether they are placed yet or not.
void AddRequested(const World& world, const std::string& host, std::set<int>* numbers) {
  for (const v1::Site* site : AllAs<v1::Site>(world.All("Site"))) {
    const auto& hosts = site->spec().placement().hosts();
    const int number = site->spec().process().port();
    if (number > 0 && std::find(hosts.begin(), hosts.end(), host) != hosts.end())
      numbers->insert(number);
  }
}

}  // namespace

Range RangeOf(const v1::Host& host) {
  Range range;
  if (host.spec().port_range().first() > 0) range.first = host.spec().port_range().first();
  if (host.spec().port_range().last() > 0) range.last = host.spec().port_range().last();
  return range;
}

std::string PortName(const std::string& host, int number) {
  return fmt::format("{}-tcp-{}", host, number);
}

bool IsHeld(const v1::Port& port) { return !port.spec().holder().uid().empty(); }

int PortOf(const World& world, const v1::Instance& instance) {
  const int wanted = instance.spec().process().port();
  const auto* host = world.Get<v1::Host>("", instance.spec().host());
  const v1::Port* best = nullptr;
  for (const v1::Port* port :
       AllAs<v1::Port>(world.Indexed("Port", "spec.host", instance.spec().host()))) {
    if (port->spec().holder().uid() != instance.metadata().uid() ||
        instance.metadata().uid().empty())
      continue;
    if (wanted > 0 && port->spec().number() != wanted) continue;
    if (best == nullptr || Rank(host, *port) < Rank(host, *best)) best = port;
  }
  return best == nullptr ? 0 : best->spec().number();
}

bool IsSpoiled(const World& world, const v1::Instance& instance) {
  const int number = PortOf(world, instance);
  const auto* host = world.Get<v1::Host>("", instance.spec().host());
  if (number == 0 || instance.spec().process().port() > 0 || host == nullptr ||
      FindForeign(*host, number) == nullptr)
    return false;
  for (const v1::Work* work : AllAs<v1::Work>(world.OwnedBy(instance.metadata().uid()))) {
    const v1::Artifact::Unit* unit = FindUnit(work->spec());
    if (unit != nullptr && unit->port() == number && IsFailed(*work) &&
        TroubleOf(*work).reason == "PortInUse")
      return true;
  }
  return false;
}

std::optional<PortRefusal> WhyNoPort(const World& world, const v1::Host& host,
                                     const v1::Instance& instance) {
  if (instance.spec().process().port() > 0) return WhyNotThisPort(world, host, instance);
  if (LowestFreePort(world, host, {}) > 0) return std::nullopt;
  const Range range = RangeOf(host);
  return PortRefusal{"NoPort", fmt::format("no port of {}-{} is free on host {}", range.first,
                                           range.last, host.metadata().name())};
}

int LowestFreePort(const World& world, const v1::Host& host, const std::vector<int>& taken) {
  std::set<int> busy(taken.begin(), taken.end());
  for (const v1::Port* port :
       AllAs<v1::Port>(world.Indexed("Port", "spec.host", host.metadata().name()))) {
    if (IsHeld(*port)) busy.insert(port->spec().number());
  }
  for (const v1::Listener& listener : host.status().foreign_listeners())
    busy.insert(listener.port());
  AddRequested(world, host.metadata().name(), &busy);
  const Range range = RangeOf(host);
  for (int number = range.first; number <= range.last; ++number) {
    if (!busy.contains(number)) return number;
  }
  return 0;
}

}  // namespace reeve::controllers
