#include "tests/simulation/world.h"

#include "base/status.h"
#include "controllers/runtime/reconciler.h"
#include "proto/schema/object.h"
#include "tests/simulation/planted_reconcilers.h"
#include "tests/support/tarball.h"

namespace reeve::simulation {
namespace {

constexpr absl::Duration kUserPause = absl::Seconds(6);
constexpr absl::Duration kFaultPause = absl::Seconds(8);
constexpr absl::Duration kDowntime = absl::Seconds(10);

const v1::Condition* FindCondition(
    const google::protobuf::RepeatedPtrField<v1::Condition>& conditions, std::string_view type) {
  for (const v1::Condition& condition : conditions) {
    if (condition.type() == type) return &condition;
  }
  return nullptr;
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      kernel_(options.seed),
      chance_(options.seed, "faults"),
      auditor_(&kernel_),
      network_(&kernel_,
               [this](const Network::Acknowledged& write) { auditor_.Acknowledged(write); }),
      control_plane_(&kernel_, &network_, &auditor_, options.planted) {
  network_.SetPlanted(options.planted);
  auditor_.SetOnChange(
      [this](const v1::Object* before, const v1::Object& after) { CheckApplied(before, after); });
  control_plane_.Start();
  MakeBlobs();
  MakeEstate();
}

World::~World() {
  onlooker_.reset();
  counters_.reset();
  workload_.reset();
  KillControllers();
  hosts_.clear();
}

void World::MakeBlobs() {
  for (int i = 0; i < 3; ++i) {
    const std::string page = support::MakeTar({{"index.html", fmt::format("page {}\n", i)}});
    const std::string program =
        support::MakeTar({{"run", fmt::format("#!/bin/true {}\n", i), true}});
    static_blobs_.push_back(support::DigestOf(page));
    process_blobs_.push_back(support::DigestOf(program));
    blobs_[static_blobs_.back()] = page;
    blobs_[process_blobs_.back()] = program;
  }
  for (const auto& [digest, bytes] : blobs_) {
    v1::CreateRequest request;
    v1::Blob* blob = request.mutable_object()->mutable_blob();
    blob->mutable_metadata()->set_name(digest);
    blob->mutable_metadata()->set_namespace_("default");
    blob->mutable_spec()->set_size_bytes(static_cast<int64_t>(bytes.size()));
    const auto made =
        control_plane_.api()->Create(apiserver::Identity::Controller("content"), request);
    CHECK(made.ok(), made.status().ToString());
  }
}

void World::MakeEstate() {
  for (int i = 1; i <= options_.hosts; ++i) AddHost(i);
  user_client_ = network_.Connect("user", apiserver::Identity::Admin());
  WorkloadOptions workload;
  for (const auto& host : hosts_) workload.hosts.push_back(host->name());
  workload.static_blobs = static_blobs_;
  workload.process_blobs = process_blobs_;
  workload_ = std::make_unique<Workload>(&kernel_, user_client_.get(), workload);
  counters_ = std::make_unique<Counters>(&kernel_, user_client_.get());
  onlooker_client_ = network_.Connect("onlooker", apiserver::Identity::Admin());
  onlooker_ = std::make_unique<Onlooker>(&kernel_, onlooker_client_.get(), &auditor_);
  controller_client_ =
      network_.Connect("controllers", apiserver::Identity::Controller("controllers"));
  StartControllers();
}

void World::AddHost(int number) {
  v1::CreateRequest request;
  v1::Host* host = request.mutable_object()->mutable_host();
  host->mutable_metadata()->set_name(fmt::format("h{}", number));
  host->mutable_spec()->mutable_port_range()->set_first(20000);
  host->mutable_spec()->mutable_port_range()->set_last(20099);
  const auto made = control_plane_.api()->Create(apiserver::Identity::Admin(), request);
  CHECK(made.ok(), made.status().ToString());
  hosts_.push_back(std::make_unique<SimHost>(
      &kernel_, &network_,
      SimHost::Options{.name = host->metadata().name(),
                       .uid = made->host().metadata().uid(),
                       .blobs = &blobs_,
                       .planted = options_.planted,
                       .violation = [this](std::string what) { Violation(std::move(what)); }}));
}

void World::StartControllers() {
  manager_ = std::make_unique<controllers::Manager>(
      controllers::Manager::Options{.client = controller_client_.get(),
                                    .reconcilers = ReconcilersWith(options_.planted),
                                    .wake = [this] {
                                      if (manager_stepper_ != nullptr) manager_stepper_->Wake();
                                    }});
  manager_stepper_ = std::make_unique<Stepper>(
      &kernel_, &chance_,
      Stepper::Options{.step = [this] { return manager_->ProcessOne(kernel_.now()); },
                       .next_wake = [this] { return manager_->NextWake(kernel_.now()); },
                       .pause_max = absl::Milliseconds(1)});
}

void World::KillControllers() {
  manager_stepper_.reset();
  manager_.reset();
}

void World::ScheduleUser() {
  kernel_.After(chance_.Upto(kUserPause), [this] {
    if (!chaos_) return;
    workload_->Act();
    ScheduleUser();
  });
}

void World::ScheduleFault() {
  kernel_.After(chance_.Upto(kFaultPause), [this] {
    if (!chaos_) return;
    Fault();
    ScheduleFault();
  });
}

void World::Fault() {
  SimHost& host = *hosts_[chance_.Below(hosts_.size())];
  switch (chance_.Below(11)) {
    case 0:
      return CrashServer();
    case 1:
      kernel_.Trace("controllers crash");
      KillControllers();
      return kernel_.After(chance_.Upto(kDowntime), [this] {
        if (manager_ == nullptr) StartControllers();
      });
    case 2:
      return host.Reboot();
    case 3:
      return CutOff(host.name());
    case 4:
      return host.Drift(&chance_);
    case 5:
      return host.FailACall(&chance_);
    case 6:
      return kernel_.JumpWall(chance_.OneIn(2) ? absl::Hours(30) : -absl::Hours(30));
    case 7:
      return host.KillNginx();
    case 8:
      return host.FailACall(&chance_);
    default:
      return host.CrashAgent(&chance_);
  }
}

void World::CrashServer() {
  if (!control_plane_.up()) return;
  control_plane_.Crash(chance_.OneIn(2));
  kernel_.After(chance_.Upto(kDowntime), [this] { control_plane_.Start(); });
}

void World::CutOff(const std::string& host) {
  kernel_.Trace(host + " is cut off");
  network_.SetPartitioned(host, true);
  kernel_.After(chance_.Upto(absl::Minutes(1)),
                [this, host] { network_.SetPartitioned(host, false); });
}

void World::Chaos() {
  chaos_ = true;
  network_.SetFaults({.lost_request_percent = 2,
                      .lost_reply_percent = 2,
                      .broken_stream_percent = 1,
                      .delay_max = chance_.Upto(absl::Seconds(2))});
  ScheduleUser();
  ScheduleFault();
  counters_->Start();
  RunUntil(kernel_.now().mono + options_.chaos, [] { return false; });
}

// Faults that last are over a minute later at the latest.
void World::Calm() {
  chaos_ = false;
  counters_->Stop();
  kernel_.Trace("calm");
  network_.SetFaults({});
  RunUntil(kernel_.now().mono + absl::Minutes(1), [] { return false; });
  for (const auto& host : hosts_) {
    host->os().Revive();
    if (!host->agent_up()) host->StartAgent();
  }
  RunUntil(kernel_.now().mono + absl::Minutes(1), [this] { return workload_->Calm(); });
}

bool World::RunUntil(absl::Duration end, const std::function<bool()>& done) {
  while (violations_.empty() && auditor_.violations().empty()) {
    if (done()) return true;
    if (!kernel_.RunNext(end)) return false;
    auditor_.Poll();
    CheckHosts();
  }
  return false;
}

void World::CheckHosts() {
  for (const auto& host : hosts_) {
    const std::string damage = host->ForeignDamage();
    if (!damage.empty())
      Violation(fmt::format("{}: {} is not ours and was changed", host->name(), damage));
  }
}

std::string World::Unfinished() {
  for (const auto& [key, object] : auditor_.objects()) {
    if (schema::Meta(object).has_deletion_timestamp())
      return ToString(key) + " is still being deleted";
    if (object.has_site()) {
      if (std::string why = UnfinishedSite(object.site()); !why.empty()) return why;
    }
    if (object.has_work() &&
        object.work().status().observed_generation() != object.work().metadata().generation()) {
      return ToString(key) + " was not applied";
    }
  }
  return "";
}

std::string World::UnfinishedSite(const v1::Site& site) {
  const std::string name = "Site " + site.metadata().name();
  const v1::Condition* ready = FindCondition(site.status().conditions(), "Ready");
  if (site.status().observed_generation() != site.metadata().generation())
    return name + " was not looked at";
  if (ready == nullptr) return name + " has no Ready condition";
  const bool has_content = !site.spec().blob().empty();
  if (has_content != (ready->status() == v1::Condition::True)) {
    return fmt::format("{} is not as it should be: {} {}", name, ready->reason(), ready->message());
  }
  if (!has_content) return "";
  if (site.status().phase() != v1::SiteStatus::Active) return name + " is not active";
  for (const std::string& hostname : site.spec().domains()) {
    const auto it = auditor_.objects().find({"Domain", site.metadata().namespace_(), hostname});
    if (it == auditor_.objects().end()) return hostname + " has no Domain";
    if (it->second.domain().status().phase() != v1::DomainStatus::Active)
      return hostname + " is not active";
  }
  return "";
}

int64_t World::Mutations() {
  int64_t mutations = 0;
  for (const auto& host : hosts_) mutations += host->os().mutations();
  return mutations;
}

void World::CheckApplied(const v1::Object* before, const v1::Object& after) {
  const auto applied = [](const v1::Work& work) {
    return work.status().state() == v1::WorkStatus::Applied &&
           work.status().observed_generation() == work.metadata().generation() &&
           !work.metadata().has_deletion_timestamp();
  };
  if (!after.has_work() || !applied(after.work())) return;
  if (before != nullptr && applied(before->work())) return;
  for (const auto& host : hosts_) {
    if (host->name() != after.work().spec().host()) continue;
    const std::string missing = host->Missing(after.work().spec());
    if (!missing.empty()) {
      Violation(fmt::format("Work {} is called applied and {} is not on {}",
                            after.work().metadata().name(), missing, host->name()));
    }
  }
}

void World::CheckQuiet() {
  const Revision revision = auditor_.last_durable();
  const int64_t mutations = Mutations();
  RunUntil(kernel_.now().mono + options_.quiet,
           [&] { return auditor_.last_durable() != revision || Mutations() != mutations; });
  if (auditor_.last_durable() != revision) {
    Violation(fmt::format("not quiet: durable writes after revision {}, up to {}", revision,
                          auditor_.last_durable()));
  }
  if (Mutations() != mutations)
    Violation(fmt::format("not quiet: {} changes of hosts", Mutations() - mutations));
}

void World::CheckLeftovers() {
  for (const auto& host : hosts_) {
    std::set<std::string> wanted;
    for (const auto& [key, object] : auditor_.objects()) {
      if (!object.has_work() || object.work().spec().host() != host->name()) continue;
      for (const v1::Artifact& artifact : object.work().spec().artifacts()) {
        if (artifact.has_unit()) wanted.insert(artifact.unit().name());
        if (artifact.has_unpack()) wanted.insert(artifact.unpack().dir());
      }
    }
    const std::string leftover = host->Leftover(wanted);
    if (!leftover.empty())
      Violation(fmt::format("{}: {} is nobody's and was left", host->name(), leftover));
  }
}

Verdict World::Run() {
  Chaos();
  Calm();
  const absl::Duration begin = kernel_.now().mono;
  const bool converged =
      RunUntil(begin + options_.converge, [this] { return Unfinished().empty(); });
  const absl::Duration took = kernel_.now().mono - begin;
  if (!converged && violations_.empty() && auditor_.violations().empty())
    Violation("not converged: " + Unfinished());
  // What comes late (Events, counters) may still be written.
  RunUntil(kernel_.now().mono + absl::Minutes(3), [] { return false; });
  if (converged) CheckQuiet();
  if (converged) CheckLeftovers();
  const auto counted = auditor_.objects().find(Counters::Key());
  std::string miscounted =
      counters_->Check(counted == auditor_.objects().end() ? nullptr : &counted->second);
  if (converged && !miscounted.empty()) Violation(std::move(miscounted));
  Verdict verdict{.violations = violations_,
                  .trace_hash = kernel_.TraceHash(),
                  .events = kernel_.trace().size(),
                  .revisions = control_plane_.up() ? control_plane_.store()->revision() : 0,
                  .converged = took};
  for (const auto& host : hosts_) verdict.undone += host->undone();
  verdict.violations.insert(verdict.violations.end(), auditor_.violations().begin(),
                            auditor_.violations().end());
  return verdict;
}

void World::Violation(std::string what) {
  kernel_.Trace("VIOLATION " + what);
  violations_.push_back(std::move(what));
}

}  // namespace reeve::simulation
