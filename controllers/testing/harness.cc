#include "controllers/testing/harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/conditions.h"
#include "client/finalizers.h"
#include "controllers/runtime/work_state.h"

namespace reeve::controllers {
namespace {

constexpr int kStepsMax = 100'000;
constexpr absl::Duration kPatience = absl::Seconds(8);

void SetTruth(v1::WorkStatus* status, const char* type, bool truth, const std::string& reason,
              const std::string& message, Generation generation, absl::Time now) {
  const auto value = truth ? v1::Condition::True : v1::Condition::False;
  client::SetCondition(status->mutable_conditions(), {type, value, reason, message}, generation,
                       now);
}

std::string Verb(const Effect& effect) {
  static constexpr const char* kVerbs[] = {"create", "update", "update status",
                                           "delete", "event",  "fact"};
  return kVerbs[effect.index()];
}

}  // namespace

Estate::Estate() : api_(&clock_) {
  Restart();
  v1::Namespace ns;
  ns.mutable_metadata()->set_name("default");
  api_.MustCreate(schema::Wrap(ns));
}

void Estate::Restart() {
  manager_ =
      std::make_unique<Manager>(Manager::Options{.client = &api_, .reconcilers = Reconcilers()});
}

void Estate::AddHost(const std::string& name) {
  v1::Host host;
  host.mutable_metadata()->set_name(name);
  api_.MustCreate(schema::Wrap(host));
  v1::Lease lease;
  lease.mutable_metadata()->set_name(name);
  lease.mutable_spec()->set_holder(name);
  api_.MustCreate(schema::Wrap(lease));
  hosts_.push_back(name);
}

bool Estate::Heartbeat(const std::string& host) {
  const absl::Duration now = clock_.Read().mono;
  const auto last = beats_.find(host);
  if (last != beats_.end() && now - last->second < kHeartbeatPeriod) return false;
  if (!manager_->Synced()) return false;  // Only what is renewed while somebody looks is seen.
  beats_[host] = now;
  api_.Edit<v1::Lease>("", host, [](v1::Lease* lease) {
    lease->mutable_spec()->set_renewals(lease->spec().renewals() + 1);
  });
  return true;
}

std::string Estate::FailureOf(const v1::Work& work) const {
  for (const v1::Artifact& artifact : work.spec().artifacts()) {
    const auto bad = bad_blobs_.find(artifact.unpack().blob());
    if (bad != bad_blobs_.end()) return bad->second;
  }
  return "";
}

std::string Estate::PortTaken(const v1::Work& work) {
  const v1::Artifact::Unit* unit = FindUnit(work.spec());
  const auto& foreign = foreign_[work.spec().host()];
  const auto it = unit == nullptr ? foreign.end() : foreign.find(unit->port());
  if (it == foreign.end()) return "";
  v1::UpdateRequest request;
  *request.mutable_object() = *api_.Get({"Host", "", work.spec().host()});
  v1::HostStatus* status = request.mutable_object()->mutable_host()->mutable_status();
  status->clear_foreign_listeners();
  for (const auto& [port, process] : foreign) {
    v1::Listener* listener = status->add_foreign_listeners();
    listener->set_port(port);
    listener->set_process(process);
  }
  CHECK(api_.UpdateStatus(request).ok(), "a host says who listens on it");
  return fmt::format("port {} is held by {} on this host", it->first, it->second);
}

bool Estate::StepWork(const v1::Work& before) {
  v1::Work work = before;
  v1::WorkStatus* status = work.mutable_status();
  const Generation generation = work.metadata().generation();
  const bool applied =
      status->observed_generation() == generation && status->state() == v1::WorkStatus::Applied;
  const std::string taken = applied ? "" : PortTaken(work);
  const std::string failure = taken.empty() ? FailureOf(work) : taken;
  const auto wanted = client::IsDeleting(work.metadata()) ? v1::WorkStatus::Removed
                      : !taken.empty()                    ? v1::WorkStatus::Refused
                      : failure.empty()                   ? v1::WorkStatus::Applied
                                                          : v1::WorkStatus::Failed;
  const char* reason = !taken.empty() ? "PortInUse" : failure.empty() ? "Applied" : "StepFailed";
  if (status->observed_generation() == generation && status->state() == wanted) return false;
  status->set_observed_generation(generation);
  status->set_state(wanted);
  const absl::Time now = clock_.Read().wall;
  SetTruth(status, client::kApplied, failure.empty(), reason, failure, generation, now);
  SetTruth(status, client::kHealthy, failure.empty(), failure.empty() ? "Probed" : "NotApplied",
           failure, generation, now);
  v1::UpdateRequest request;
  *request.mutable_object() = schema::Wrap(std::move(work));
  return api_.UpdateStatus(request).ok();
}

bool Estate::StepAgent(const std::string& host) {
  bool any = Heartbeat(host);
  std::vector<v1::Work> works;
  for (const auto& [key, object] : api_.objects()) {
    if (object.has_work() && object.work().spec().host() == host) works.push_back(object.work());
  }
  for (const v1::Work& work : works) any = StepWork(work) || any;
  return any;
}

bool Estate::Step() {
  const int writes = api_.writes();
  bool any = manager_->ProcessOne(clock_.Read());
  if (!any) {
    for (const std::string& host : hosts_) {
      if (!silent_.contains(host) && Get<v1::Host>("", host) != nullptr)
        any = StepAgent(host) || any;
    }
  }
  if (api_.writes() != writes) invariant();
  if (std::exchange(crash_soon_, false)) Restart();
  return any;
}

void Estate::Settle() {
  for (int steps = 0; steps < kStepsMax; ++steps) {
    if (Step() || api_.Thaw()) continue;
    const absl::Duration wait = manager_->NextWake(clock_.Read());
    if (wait > kPatience) {
      EXPECT_EQ(SecondLook(), "");
      return;
    }
    clock_.Advance(std::max(wait, absl::Milliseconds(1)));
  }
  ADD_FAILURE() << "does not settle: " << SecondLook();
}

void Estate::Pass(absl::Duration time) {
  const absl::Duration end = clock_.Read().mono + time;
  for (int steps = 0; clock_.Read().mono < end && steps < kStepsMax; ++steps) {
    if (!Step()) clock_.Advance(absl::Milliseconds(500));
  }
}

size_t Estate::Count(const std::string& kind) const {
  return static_cast<size_t>(
      std::count_if(api_.objects().begin(), api_.objects().end(),
                    [&](const auto& entry) { return entry.first.kind == kind; }));
}

std::string Estate::SecondLook() const {
  std::string out;
  for (const auto& [key, object] : api_.objects()) {
    for (const Reconciler& reconciler : Reconcilers()) {
      if (!reconciler.kind.empty() && reconciler.kind != key.kind) continue;
      const Outcome outcome =
          reconciler.reconcile(manager_->world(), key, const_cast<FakeClock&>(clock_).Read());
      for (const Effect& effect : outcome.effects) {
        out += fmt::format("{} {}: {}\n", reconciler.name, ToString(key), Verb(effect));
      }
    }
  }
  return out;
}

v1::Site StaticSite(const std::string& name, const std::string& blob, int replicas) {
  v1::Site site;
  site.mutable_metadata()->set_name(name);
  site.mutable_metadata()->set_namespace_("default");
  site.mutable_spec()->set_type(v1::SiteSpec::Static);
  site.mutable_spec()->set_blob(blob);
  site.mutable_spec()->set_replicas(replicas);
  site.mutable_spec()->add_domains(name + ".example");
  return site;
}

v1::Site ProcessSite(const std::string& name, const std::string& blob, int replicas) {
  v1::Site site = StaticSite(name, blob, replicas);
  site.mutable_spec()->set_type(v1::SiteSpec::Process);
  site.mutable_spec()->mutable_process()->add_command("bin/server");
  return site;
}

}  // namespace reeve::controllers
