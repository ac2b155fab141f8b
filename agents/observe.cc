#include "agents/observe.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "agents/ledger.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

using Item = pb::Ledger::Item;

// Our own /metrics.
constexpr std::string_view kOwnProcess = "reeve-agent";

constexpr std::string_view kBin = "/usr/bin";
constexpr std::string_view kRuntimes[] = {"node", "python3"};

absl::Status ObserveListeners(Net* net, pb::Inventory* inventory) {
  ASSIGN_OR_RETURN(const std::vector<TcpListener> listeners, net->Listeners());
  for (const TcpListener& listener : listeners) {
    auto* out = inventory->add_listeners();
    out->set_address(listener.address);
    out->set_port(listener.port);
    out->set_uid(listener.uid);
    out->set_pid(listener.pid);
    out->set_process(listener.process);
  }
  return absl::OkStatus();
}

// Debian's names are links into /usr/bin (python3) or files (node).
absl::Status ObserveRuntimes(Files* files, pb::Inventory* inventory) {
  const auto bin = files->Open(std::string(kBin));
  if (absl::IsNotFound(bin.status())) return absl::OkStatus();
  RETURN_IF_ERROR(bin.status());
  for (const std::string_view name : kRuntimes) {
    if (!(*bin)->Stat(name).ok()) continue;
    auto* runtime = inventory->add_runtimes();
    runtime->set_name(std::string(name));
    runtime->set_path(fmt::format("{}/{}", kBin, name));
  }
  return absl::OkStatus();
}

std::set<std::string> Recorded(const pb::Ledger& ledger, Item::Kind kind) {
  std::set<std::string> names;
  for (const auto& entry : ledger.entries()) {
    for (const Item& item : entry.items()) {
      if (item.kind() == kind) names.insert(item.name());
    }
  }
  return names;
}

// What Sites may listen on: uid and port of each unit.
std::set<std::pair<uint32_t, int>> PortsOfUnits(const pb::Ledger& ledger) {
  std::set<std::pair<uint32_t, int>> ports;
  for (const auto& entry : ledger.entries()) {
    for (const auto& artifact : EffectiveSpec(entry).artifacts()) {
      if (artifact.has_unit())
        ports.emplace(UidOf(EffectiveSpec(entry), artifact.unit().user()), artifact.unit().port());
    }
  }
  return ports;
}

std::set<int> OurPorts(const pb::Ledger& ledger, const HostPaths& paths) {
  std::set<int> ports = {paths.nginx_probe_port};
  for (const auto& entry : ledger.entries()) {
    for (const auto& artifact : EffectiveSpec(entry).artifacts()) {
      if (artifact.has_nginx_site()) ports.insert(artifact.nginx_site().listen_port());
    }
  }
  return ports;
}

}  // namespace

absl::StatusOr<pb::Inventory> Observe(const Providers& providers, const Host& host) {
  pb::Inventory inventory;
  for (const auto& provider : providers) {
    RETURN_IF_ERROR(
        Annotate(provider->Observe(&inventory), fmt::format("observing {}", provider->name())));
  }
  RETURN_IF_ERROR(Annotate(ObserveListeners(host.net, &inventory), "observing listeners"));
  RETURN_IF_ERROR(Annotate(ObserveRuntimes(host.files, &inventory), "observing runtimes"));
  return inventory;
}

std::vector<v1::Listener> ForeignListeners(const pb::Inventory& inventory, const pb::Ledger& ledger,
                                           const HostPaths& paths) {
  const std::set<int> ports = OurPorts(ledger, paths);
  const std::set<std::pair<uint32_t, int>> of_units = PortsOfUnits(ledger);
  std::vector<v1::Listener> foreign;
  for (const auto& listener : inventory.listeners()) {
    if (of_units.contains({listener.uid(), listener.port()})) continue;
    if (listener.process() == "nginx" && ports.contains(listener.port())) continue;
    if (listener.process() == kOwnProcess) continue;
    v1::Listener& out = foreign.emplace_back();
    out.set_protocol("tcp");
    out.set_address(listener.address());
    out.set_port(listener.port());
    out.set_process(listener.process());
  }
  return foreign;
}

std::vector<std::string> ForeignThings(const pb::Inventory& inventory, const pb::Ledger& ledger) {
  std::vector<std::string> foreign(inventory.foreign().begin(), inventory.foreign().end());
  const std::set<std::string> units = Recorded(ledger, Item::UNIT);
  const std::set<std::string> sites = Recorded(ledger, Item::SITE);
  const std::set<std::string> contents = Recorded(ledger, Item::CONTENT);
  for (const auto& unit : inventory.units()) {
    if (!units.contains(unit.name()))
      foreign.push_back(fmt::format("unit {}.service", unit.name()));
  }
  for (const auto& site : inventory.sites()) {
    if (!sites.contains(site.name())) foreign.push_back(site.file().path());
  }
  for (const auto& content : inventory.contents()) {
    if (!contents.contains(content.dir()))
      foreign.push_back(fmt::format("content {}", content.dir()));
  }
  std::ranges::sort(foreign);
  return foreign;
}

}  // namespace reeve::agents
