#include "agents/prober.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr absl::Duration kHold = absl::Seconds(5);
// While it has never been healthy it is looked at more often, so that it is used soon.
constexpr absl::Duration kStartingInterval = absl::Seconds(1);
constexpr absl::Duration kOwnersPeriod = absl::Seconds(2);
// Of one user, that is of one Site: probes that hang must not keep others waiting.
constexpr int kProbesAtOnce = 2;

absl::Duration OrDefault(const google::protobuf::Duration& d, absl::Duration fallback) {
  const absl::Duration value = absl::Seconds(d.seconds()) + absl::Nanoseconds(d.nanos());
  return value > absl::ZeroDuration() ? value : fallback;
}

}  // namespace

absl::Duration ProbeInterval(const v1::HealthCheck& check) {
  return OrDefault(check.interval(), absl::Seconds(10));
}
absl::Duration ProbeTimeout(const v1::HealthCheck& check) {
  return OrDefault(check.timeout(), absl::Seconds(3));
}
absl::Duration ProbeStartPeriod(const v1::HealthCheck& check) {
  return OrDefault(check.start_period(), absl::Seconds(60));
}
int ProbeFailureThreshold(const v1::HealthCheck& check) {
  constexpr int kDefault = 3;
  return check.failure_threshold() > 0 ? check.failure_threshold() : kDefault;
}

void Prober::SetTargets(const std::vector<Target>& targets, Now now) {
  std::map<std::string, State> states;
  for (const Target& target : targets) {
    const auto known = states_.find(target.work);
    if (known != states_.end() && known->second.target.hash == target.hash) {
      states[target.work] = std::move(known->second);
      continue;
    }
    State& state = states[target.work];
    state.target = target;
    state.due = now.mono;
    state.health.since = now.mono;
    if (!target.healthy_since) continue;
    state.health.status = v1::Condition::True;
    state.health.reason = "Healthy";
    state.health.healthy_since = target.healthy_since;
    state.health.was_healthy = true;
  }
  states_ = std::move(states);
}

// nginx would answer 404 to everything, or to every unknown path.
absl::Status Prober::ProbeContent(const v1::Artifact::Probe& probe) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Root> root, files_->Open(content_root_));
  ASSIGN_OR_RETURN(const std::string target, root->ReadLink(probe.dir() + "/current"));
  std::string served = fmt::format("{}/{}", probe.dir(), target);
  if (!probe.root().empty()) served += "/" + probe.root();
  const absl::StatusOr<FileInfo> directory = root->Stat(served);
  if (!directory.ok() || directory->type != FileType::kDirectory) {
    return FailedPrecondition("the content has no directory {}",
                              probe.root().empty() ? "at all" : probe.root());
  }
  if (probe.fallback().empty()) return absl::OkStatus();
  const absl::StatusOr<FileInfo> fallback = root->Stat(served + "/" + probe.fallback());
  if (!fallback.ok() || fallback->type != FileType::kRegular)
    return FailedPrecondition("the content has no file {}", probe.fallback());
  return absl::OkStatus();
}

bool Prober::TakeSuccess(Now now, State* state) {
  state->failures = 0;
  if (!state->first_success) state->first_success = now.mono;
  if (state->health.status == v1::Condition::True) return false;
  const auto& probe = state->target.probe;
  const bool must_hold = probe.dir().empty() && probe.check().http_path().empty();
  const bool held = now.mono - *state->first_success >= kHold;
  if (must_hold && !state->health.was_healthy && !held) return false;
  state->health.was_healthy = true;
  state->health.status = v1::Condition::True;
  state->health.reason = "Healthy";
  state->health.message.clear();
  state->health.healthy_since = now.wall;
  return true;
}

// Not healthy yet: says what is missing, and is unhealthy when its time is over.
bool Prober::TakeStarting(const std::string& message, Now now, Health* health,
                          const v1::HealthCheck& check) {
  const absl::Duration start_period = ProbeStartPeriod(check);
  std::string wanted = message;
  if (now.mono - health->since >= start_period) {
    health->status = v1::Condition::False;
    health->reason = "NotHealthyInTime";
    wanted = fmt::format("not healthy within {}: {}", absl::FormatDuration(start_period), message);
  }
  const bool news = health->message != wanted;
  health->message = std::move(wanted);
  return news;
}

// True when the health changed.
bool Prober::Take(const absl::Status& result, Now now, State* state) {
  if (result.ok()) return TakeSuccess(now, state);
  ++state->failures;
  state->first_success.reset();
  Health& health = state->health;
  const std::string message = Message(result);
  if (health.status == v1::Condition::Unknown)
    return TakeStarting(message, now, &health, state->target.probe.check());
  if (health.status == v1::Condition::False ||
      state->failures < ProbeFailureThreshold(state->target.probe.check()))
    return false;
  health.status = v1::Condition::False;
  health.reason = "ProbeFailed";
  health.message = message;
  health.healthy_since.reset();
  return true;
}

std::map<uint32_t, int> Prober::RunningByUser() const {
  std::map<uint32_t, int> running;
  for (const auto& [work, state] : states_) {
    if (state.running != 0 && state.target.uid != 0) ++running[state.target.uid];
  }
  return running;
}

// The longest due first.
std::vector<Prober::State*> Prober::Due(Now now) {
  std::vector<State*> due;
  for (auto& [work, state] : states_) {
    if (state.running == 0 && state.due <= now.mono) due.push_back(&state);
  }
  std::ranges::stable_sort(due, {}, [](const State* state) { return state->due; });
  std::map<uint32_t, int> running = RunningByUser();
  std::erase_if(due, [&](const State* state) {
    return state->target.uid != 0 && ++running[state->target.uid] > kProbesAtOnce;
  });
  return due;
}

// True when it was taken, or is free again.
bool Prober::TakeOwner(const std::vector<TcpListener>& listeners, State* state) {
  const Target& target = state->target;
  const auto other = std::ranges::find_if(listeners, [&](const TcpListener& listener) {
    return listener.port == target.probe.port() && listener.uid != target.uid &&
           CoversLoopback(listener.address);
  });
  if ((other != listeners.end()) == state->stolen) return false;
  state->stolen = !state->stolen;
  state->first_success.reset();
  Health& health = state->health;
  health.status = v1::Condition::False;
  health.reason = state->stolen ? "PortInUse" : "ProbeFailed";
  health.message =
      state->stolen
          ? fmt::format("a process of uid {} listens on port {}", other->uid, target.probe.port())
          : fmt::format("port {} was another process's until now", target.probe.port());
  health.healthy_since.reset();
  return true;
}

Prober::Changes Prober::LookAtOwners(Now now) {
  owners_due_ = now.mono + kOwnersPeriod;
  Changes changes;
  const absl::StatusOr<std::vector<TcpListener>> listeners = net_->ListeningSockets();
  if (!listeners.ok()) return changes;  // The agent sees the same, and changes nothing.
  for (auto& [work, state] : states_) {
    if (state.target.uid == 0 || !TakeOwner(*listeners, &state)) continue;
    changes.any = true;
    changes.worse |= state.stolen;
  }
  return changes;
}

Prober::Changes Prober::ProcessOne(Now now) {
  const std::vector<State*> due = Due(now);
  const auto of_user = [](const State* state) { return state->target.uid != 0; };
  Changes changes;
  if (now.mono >= OwnersDue() || std::ranges::any_of(due, of_user)) changes = LookAtOwners(now);
  for (State* state : due) Begin(now, state, &changes);
  for (const ProbeRunner::Ended& ended : runner_->Take()) {
    const auto of_it = [&](const auto& it) { return it.second.running == ended.id; };
    const auto state = std::ranges::find_if(states_, of_it);
    if (state != states_.end()) End(ended.result, now, &state->second, &changes);
  }
  return changes;
}

void Prober::Begin(Now now, State* state, Changes* changes) {
  const v1::Artifact::Probe& probe = state->target.probe;
  if (state->stolen) return SetDue(now, state);
  if (!probe.dir().empty()) return End(ProbeContent(probe), now, state, changes);
  state->running = ++last_id_;
  runner_->Start(state->running, probe);
}

void Prober::End(const absl::Status& result, Now now, State* state, Changes* changes) {
  const v1::Condition::Status before = state->health.status;
  state->running = 0;
  if (!state->stolen) changes->any |= Take(result, now, state);
  changes->worse |= state->health.status != before && state->health.status == v1::Condition::False;
  SetDue(now, state);
}

void Prober::SetDue(Now now, State* state) {
  const absl::Duration interval = ProbeInterval(state->target.probe.check());
  const bool starting = state->health.status == v1::Condition::Unknown;
  state->due = now.mono + (starting ? std::min(interval, kStartingInterval) : interval);
}

const Prober::Health* Prober::Find(const std::string& work) const {
  const auto state = states_.find(work);
  return state == states_.end() ? nullptr : &state->second.health;
}

absl::Duration Prober::NextDue() const {
  absl::Duration next = OwnersDue();
  const std::map<uint32_t, int> running = RunningByUser();
  for (const auto& [work, state] : states_) {
    const auto others = running.find(state.target.uid);
    const bool waits = others != running.end() && others->second >= kProbesAtOnce;
    if (state.running == 0 && !waits) next = std::min(next, state.due);
  }
  return next;
}

absl::Duration Prober::OwnersDue() const {
  const bool any =
      std::ranges::any_of(states_, [](const auto& it) { return it.second.target.uid != 0; });
  return any ? owners_due_ : absl::InfiniteDuration();
}

}  // namespace reeve::agents
