#include "controllers/host/host_reconciler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/strings.h"
#include "client/timestamps.h"
#include "controllers/runtime/objects.h"

namespace reeve::controllers {
namespace {

using client::Finding;
using v1::Condition;

constexpr size_t kNamesShownMax = 3;
constexpr absl::Duration kLookAgain = absl::Seconds(5);

// What the leases say. `until`: how long that holds if nothing is heard.
struct Pulse {
  enum class State { kAlive, kLost, kNotKnown } state = State::kNotKnown;
  std::optional<absl::Duration> until;
};

Pulse PulseOf(const World& world, const std::string& host, Now now) {
  const std::optional<absl::Duration> renewed = world.Renewed(host);
  const std::optional<absl::Duration> since = world.heartbeats_since();
  if (renewed.has_value() && now.mono - *renewed < kLeaseTtl) {
    return {Pulse::State::kAlive, kLeaseTtl - (now.mono - *renewed)};
  }
  if (!since.has_value()) return {Pulse::State::kNotKnown, kLookAgain};
  const absl::Duration heard_for = now.mono - *since;
  // A stream that was whole all the time is proof at once; one that has just come back is not.
  const bool whole = renewed.has_value() && *since <= *renewed;
  if (whole || heard_for >= kRestartGrace) return {Pulse::State::kLost, std::nullopt};
  return {Pulse::State::kNotKnown, kRestartGrace - heard_for};
}

std::string LastSeen(const World& world, const std::string& host) {
  const v1::Lease* lease = world.Get<v1::Lease>("", host);
  if (lease == nullptr || !lease->spec().has_renew_time()) return "no heartbeat has been seen";
  return "no heartbeat since " + absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                                                  client::ToTime(lease->spec().renew_time()),
                                                  absl::UTCTimeZone());
}

bool IsLost(const v1::Host& host) {
  const Condition* ready = client::FindCondition(host.status().conditions(), client::kReady);
  return ready != nullptr && ready->reason() == "HeartbeatLost";
}

// When most of the estate is silent, the network or this side is to blame.
std::string MassSilence(const World& world) {
  const std::vector<const v1::Host*> hosts = AllAs<v1::Host>(world.All("Host"));
  const auto lost =
      std::count_if(hosts.begin(), hosts.end(), [](const auto* host) { return IsLost(*host); }) + 1;
  if (hosts.size() < 3 || 2 * static_cast<size_t>(lost) < hosts.size()) return "";
  return "; at least half of all hosts are silent: look at the network first";
}

// nullopt: it stays what it was.
std::optional<Finding> ReadyFinding(const World& world, const v1::Host& host, const Pulse& pulse) {
  if (pulse.state == Pulse::State::kAlive)
    return Finding{client::kReady, Condition::True, "Heartbeat", "its agent reports"};
  const Condition* known = client::FindCondition(host.status().conditions(), client::kReady);
  if (pulse.state == Pulse::State::kLost && !IsLost(host)) {
    return Finding{client::kReady, Condition::Unknown, "HeartbeatLost",
                   LastSeen(world, host.metadata().name()) + MassSilence(world)};
  }
  if (known != nullptr) return std::nullopt;
  return Finding{client::kReady, Condition::Unknown, "NotJoined", "its agent has not reported yet"};
}

std::vector<const v1::Instance*> InstancesOn(const World& world, const v1::Host& host) {
  return AllAs<v1::Instance>(world.Indexed("Instance", "spec.host", host.metadata().name()));
}

std::string Listed(const std::vector<const v1::Instance*>& instances) {
  std::vector<std::string> names;
  for (const v1::Instance* instance : instances) {
    if (names.size() == kNamesShownMax) {
      names.push_back(fmt::format("and {} more", instances.size() - kNamesShownMax));
      break;
    }
    names.push_back(
        fmt::format("{}/{}", instance->metadata().namespace_(), instance->metadata().name()));
  }
  return Join(names, ", ");
}

void SetReleased(const World& world, const v1::Host& host, Now now, v1::HostStatus* status) {
  if (!client::IsDeleting(host.metadata()))
    return client::DropCondition(status->mutable_conditions(), client::kReleased);
  const std::vector<const v1::Instance*> instances = InstancesOn(world, host);
  const std::string message =
      instances.empty() ? "its ports are being released" : "it still holds " + Listed(instances);
  client::SetCondition(status->mutable_conditions(),
                       {client::kReleased, Condition::False,
                        instances.empty() ? "PortsHeld" : "InstancesRemain", message},
                       host.metadata().generation(), now.wall);
}

v1::Host WithStatus(const World& world, const v1::Host& host, const Pulse& pulse, Now now) {
  v1::Host after = host;
  v1::HostStatus* status = after.mutable_status();
  const Generation generation = host.metadata().generation();
  status->set_observed_generation(generation);
  status->set_instances(static_cast<int32_t>(InstancesOn(world, host).size()));
  if (const auto ready = ReadyFinding(world, host, pulse)) {
    client::SetCondition(status->mutable_conditions(), *ready, generation, now.wall);
  }
  SetReleased(world, host, now, status);
  return after;
}

// The agent will confirm nothing any more: what it holds is let go without it.
void ReleaseWorks(const World& world, const v1::Host& host, Outcome* outcome) {
  for (const v1::Work* work :
       AllAs<v1::Work>(world.Indexed("Work", "spec.host", host.metadata().name()))) {
    if (!client::HasFinalizer(work->metadata(), client::kWorkFinalizer)) continue;
    v1::Work released = *work;
    client::RemoveFinalizer(released.mutable_metadata(), client::kWorkFinalizer);
    PushUpdate(std::move(released), outcome);
  }
}

bool HoldsPorts(const World& world, const v1::Host& host) {
  const auto ports = AllAs<v1::Port>(world.Indexed("Port", "spec.host", host.metadata().name()));
  return std::any_of(ports.begin(), ports.end(),
                     [](const auto* port) { return !port->spec().holder().uid().empty(); });
}

bool MayGo(const World& world, const v1::Host& host) {
  return client::IsDeleting(host.metadata()) && InstancesOn(world, host).empty() &&
         world.Indexed("Work", "spec.host", host.metadata().name()).empty() &&
         !HoldsPorts(world, host);
}

Outcome ReconcileHost(const World& world, const ObjectKey& key, Now now) {
  const v1::Host* host = world.Get<v1::Host>("", key.name);
  if (host == nullptr) return Outcome::Done();
  if (MayGo(world, *host)) return WithoutFinalizer(*host, client::kHostFinalizer);
  if (!client::IsDeleting(host->metadata()) &&
      !client::HasFinalizer(host->metadata(), client::kHostFinalizer)) {
    return WithFinalizer(*host, client::kHostFinalizer);
  }
  Outcome outcome;
  if (host->spec().abandoned()) ReleaseWorks(world, *host, &outcome);
  const Pulse pulse = PulseOf(world, key.name, now);
  PushStatus(*host, WithStatus(world, *host, pulse, now), &outcome);
  outcome.after = pulse.until;
  return outcome;
}

// What a Host holds; and its Lease, which bears its name.
std::vector<ObjectKey> WakesHosts(const World& world, const v1::Object* before,
                                  const v1::Object* after) {
  std::vector<ObjectKey> keys;
  for (const v1::Object* object : {before, after}) {
    AddHostOf<v1::Instance>(object, &keys);
    AddHostOf<v1::Work>(object, &keys);
    AddHostOf<v1::Port>(object, &keys);
    if (const auto* lease = As<v1::Lease>(object))
      AddKey(&keys, {"Host", "", lease->metadata().name()});
  }
  std::erase_if(keys, [&](const ObjectKey& key) { return world.Find(key) == nullptr; });
  return keys;
}

}  // namespace

const Reconciler kHostReconciler = {"host", "Host", ReconcileHost, WakesHosts};

}  // namespace reeve::controllers
