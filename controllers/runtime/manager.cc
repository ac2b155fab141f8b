#include "controllers/runtime/manager.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/status.h"
#include "client/informer.h"
#include "controllers/runtime/breaker.h"
#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/executor.h"
#include "controllers/runtime/workqueue.h"
#include "proto/schema/object.h"

namespace reeve::controllers {
namespace {

constexpr int kFailuresUntilEvent = 5;
constexpr absl::Duration kPrunePeriod = absl::Minutes(10);

struct Metrics {
  Counter reconciles{"controller_runtime_reconcile_total", "Reconciliations, by how they ended."};
  Counter errors{"controller_runtime_reconcile_errors_total",
                 "Reconciliations that ended in an error."};
  Histogram seconds{"controller_runtime_reconcile_time_seconds",
                    "How long a reconciliation and its effects took.",
                    {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}};
  Gauge active{"controller_runtime_active_workers", "Reconciliations that run now."};
  Gauge workers{"controller_runtime_max_concurrent_reconciles",
                "Reconciliations that may run at once."};
};

const Metrics& M() {
  static const Metrics& metrics = *new Metrics();
  return metrics;
}

// Another writer was faster, or the world is behind: no error, look again.
bool MeansStale(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsAlreadyExists(status) || absl::IsNotFound(status);
}

}  // namespace

class Manager::Impl {
 public:
  explicit Impl(Options options);

  bool ProcessOne(Now now);
  absl::Duration NextWake(Now now) const;
  bool Synced() const;
  absl::Status Health() const;
  const World& world() const { return world_; }

 private:
  // A reconciler and its keys.
  struct Controller {
    explicit Controller(const Reconciler& r)
        : reconciler(r), source(std::string(r.name) + "-controller"), queue(std::string(r.name)) {}
    const Reconciler reconciler;
    const std::string source;
    Workqueue queue;
    Breaker breaker;
    std::map<ObjectKey, std::vector<AwaitedWrite>> resting;  // Until these writes have come back.
    std::set<ObjectKey> woken_at_rest;
    // Creations without an answer: looked for before the key is reconciled again, else what was
    // made would be missing from the decision.
    std::map<ObjectKey, std::vector<ObjectKey>> uncertain;
  };

  void AddInformer(const std::string& kind);
  bool PollInformers(Now now);
  bool OtherEpoch(const client::Informer& informer) const;
  void Changed(const client::Informer& informer, const v1::Object* before, const v1::Object* after);
  void Absorb(const v1::Object& object);
  void Wake(const v1::Object* before, const v1::Object* after, Workqueue::Lane lane);
  void WakeKey(Controller* controller, const ObjectKey& key, const v1::Object& change,
               Workqueue::Lane lane);
  void Progress(const client::Informer& informer);
  void EndRests();
  bool TakeFact(Now now);
  bool WorkOnOne(Now now);
  bool Work(Controller* controller, const ObjectKey& key, Now now);
  void Reconcile(Controller* controller, const ObjectKey& key, Now now);
  void Finish(Controller* controller, const ObjectKey& key, const Outcome& outcome,
              const Execution& execution);
  void Failed(Controller* controller, const ObjectKey& key, const absl::Status& status);
  bool Resolve(Controller* controller, const ObjectKey& key);
  bool Throttled(Controller* controller, const ObjectKey& key, Now now);
  void Complain(Controller* controller, const ObjectKey& key, const std::string& reason,
                const std::string& message);
  void Prune(Now now);

  const Options options_;
  World world_;
  NotCheckedFacts not_checked_;
  FactSource* const facts_;
  EventRecorder events_;
  EffectExecutor executor_;
  std::deque<Controller> controllers_;  // In the order given; they do not move.
  std::deque<client::Informer> informers_;
  std::map<std::string, std::string> epochs_;  // By kind, of its last list.
  std::map<std::string, std::set<std::pair<size_t, ObjectKey>>> asked_;  // Fact: who waits for it.
  size_t turn_ = 0;  // The controller whose turn it is.
  Now now_{};        // Of the step under way, for what informers call back.
  std::pair<size_t, ObjectKey> at_work_;
  absl::Duration pruned_at_;
};

Manager::Impl::Impl(Options options)
    : options_(std::move(options)),
      facts_(options_.facts != nullptr ? options_.facts : &not_checked_),
      events_(options_.client),
      executor_({.client = options_.client,
                 .events = &events_,
                 .request_fact =
                     [this](const std::string& fact) {
                       if (asked_[fact].empty()) facts_->Request(fact);
                       asked_[fact].insert(at_work_);
                     },
                 .absorb = [this](const v1::Object& object) { Absorb(object); }}) {
  for (const Reconciler& reconciler : options_.reconcilers) {
    controllers_.emplace_back(reconciler);
    M().workers.Set(1, {{"controller", std::string(reconciler.name)}});
  }
  for (const schema::Kind& kind : schema::KindRegistry::Get().kinds()) {
    if (kind.name != v1::Blob::descriptor()->name()) AddInformer(kind.name);
  }
}

void Manager::Impl::AddInformer(const std::string& kind) {
  client::Informer::Options options;
  options.watcher = options_.client;
  options.selector.set_kind(kind);
  options.on_change = [this, index = informers_.size()](const v1::Object* before,
                                                        const v1::Object* after) {
    Changed(informers_[index], before, after);
  };
  options.wake = options_.wake;
  informers_.emplace_back(std::move(options));
}

bool Manager::Impl::Synced() const {
  return std::all_of(informers_.begin(), informers_.end(),
                     [](const auto& informer) { return informer.synced(); });
}

absl::Status Manager::Impl::Health() const {
  for (const client::Informer& informer : informers_) RETURN_IF_ERROR(informer.last_error());
  return Synced() ? absl::OkStatus() : Unavailable("the first lists are not complete yet");
}

// The store has begun another life (a restored backup): versions of the last one mean nothing.
bool Manager::Impl::OtherEpoch(const client::Informer& informer) const {
  const auto known = epochs_.find(informer.kind());
  return known != epochs_.end() && known->second != informer.epoch();
}

// What the informers say. Our own writes are in the world already: only what is newer changes it.
void Manager::Impl::Changed(const client::Informer& informer, const v1::Object* before,
                            const v1::Object* after) {
  const ObjectKey key = schema::KeyOf(after != nullptr ? *after : *before);
  const v1::Object* known = world_.Find(key);
  const bool listing = world_.RevisionOf(key.kind) == 0;
  if (after == nullptr) {
    if (known == nullptr || schema::Meta(*known).uid() != schema::Meta(*before).uid()) return;
    const std::optional<v1::Object> last = world_.Remove(key);
    return Wake(&*last, nullptr, Workqueue::Lane::kNormal);
  }
  if (key.kind == "Lease" && !listing) world_.SetRenewed(key.name, now_.mono);
  if (known != nullptr && schema::Meta(*known).uid() == schema::Meta(*after).uid() &&
      RevisionOf(*known) >= RevisionOf(*after) && !OtherEpoch(informer)) {
    return;
  }
  const std::optional<v1::Object> last = world_.Put(*after);
  Wake(last.has_value() ? &*last : nullptr, after,
       listing ? Workqueue::Lane::kInitial : Workqueue::Lane::kNormal);
}

void Manager::Impl::Absorb(const v1::Object& object) {
  const v1::Object* known = world_.Find(schema::KeyOf(object));
  if (known != nullptr && RevisionOf(*known) >= RevisionOf(object)) return;
  const std::optional<v1::Object> last = world_.Put(object);
  Wake(last.has_value() ? &*last : nullptr, &object, Workqueue::Lane::kNormal);
}

void Manager::Impl::Wake(const v1::Object* before, const v1::Object* after, Workqueue::Lane lane) {
  const v1::Object& change = after != nullptr ? *after : *before;
  const ObjectKey own = schema::KeyOf(change);
  const bool new_spec = before == nullptr || after == nullptr ||
                        schema::Meta(*before).generation() != schema::Meta(*after).generation();
  for (Controller& controller : controllers_) {
    if (controller.reconciler.kind == own.kind) {
      if (new_spec) controller.queue.Forget(own);
      WakeKey(&controller, own, change, lane);
    }
    for (const ObjectKey& key : controller.reconciler.wakes(world_, before, after)) {
      WakeKey(&controller, key, change, lane);
    }
  }
}

void Manager::Impl::WakeKey(Controller* controller, const ObjectKey& key, const v1::Object& change,
                            Workqueue::Lane lane) {
  controller->breaker.Woken(key, change);
  if (controller->resting.contains(key)) {
    controller->woken_at_rest.insert(key);
    return;
  }
  const absl::Status status = controller->queue.Add(key, lane, now_);
  if (!status.ok())
    Log(LogLevel::kError, "key dropped", {{"key", ToString(key)}, {"error", status.ToString()}});
}

bool Manager::Impl::PollInformers(Now now) {
  bool any = false;
  for (client::Informer& informer : informers_) {
    const bool polled = informer.Poll(now);
    if (informer.kind() == "Lease") world_.SetHeartbeatsSince(informer.connected_since());
    if (polled) Progress(informer);
    any = any || polled;
  }
  if (any) EndRests();
  return any;
}

void Manager::Impl::Progress(const client::Informer& informer) {
  if (!informer.synced()) return;
  if (OtherEpoch(informer)) {
    for (Controller& controller : controllers_) {
      for (auto& [key, writes] : controller.resting) writes.clear();
    }
  }
  epochs_[informer.kind()] = informer.epoch();
  world_.SetRevision(informer.kind(), std::max<Revision>(1, informer.revision()));
}

void Manager::Impl::EndRests() {
  for (Controller& controller : controllers_) {
    for (auto it = controller.resting.begin(); it != controller.resting.end();) {
      std::erase_if(it->second, [&](const AwaitedWrite& write) { return Arrived(write, world_); });
      if (!it->second.empty()) {
        ++it;
        continue;
      }
      if (controller.woken_at_rest.erase(it->first) > 0) {
        controller.queue.Add(it->first, Workqueue::Lane::kNormal, now_)
            .IgnoreError();  // It had its place before.
      }
      it = controller.resting.erase(it);
    }
  }
}

bool Manager::Impl::TakeFact(Now now) {
  std::optional<FactAnswer> answer = facts_->Next();
  if (!answer.has_value()) return false;
  world_.SetFact(answer->name, answer->value);
  for (const auto& [controller, key] : asked_[answer->name]) {
    controllers_[controller]
        .queue.Add(key, Workqueue::Lane::kNormal, now)
        .IgnoreError();  // One key of those known.
  }
  asked_.erase(answer->name);
  return true;
}

bool Manager::Impl::ProcessOne(Now now) {
  now_ = now;
  if (PollInformers(now)) return true;
  if (TakeFact(now)) return true;
  if (!Synced()) return false;
  if (WorkOnOne(now)) return true;
  Prune(now);
  return events_.Flush(world_, now);
}

// Controllers take turns, so that none starves the others.
bool Manager::Impl::WorkOnOne(Now now) {
  for (size_t i = 0; i < controllers_.size(); ++i) {
    Controller& controller = controllers_[turn_];
    const size_t index = turn_;
    turn_ = (turn_ + 1) % controllers_.size();
    const std::optional<ObjectKey> key = controller.queue.Next(now);
    if (!key.has_value()) continue;
    at_work_ = {index, *key};
    Work(&controller, *key, now);
    return true;
  }
  return false;
}

bool Manager::Impl::Work(Controller* controller, const ObjectKey& key, Now now) {
  const bool rests = controller->resting.contains(key);
  if (rests) controller->woken_at_rest.insert(key);
  const bool works = !rests && !Throttled(controller, key, now) && Resolve(controller, key);
  if (works) Reconcile(controller, key, now);
  controller->queue.Done(key, now);
  return works;
}

bool Manager::Impl::Resolve(Controller* controller, const ObjectKey& key) {
  const auto known = controller->uncertain.find(key);
  if (known == controller->uncertain.end()) return true;
  const Execution execution = executor_.Look(known->second);
  if (!execution.status.ok()) {
    Failed(controller, key, execution.status);
    return false;
  }
  controller->uncertain.erase(known);
  return true;
}

bool Manager::Impl::Throttled(Controller* controller, const ObjectKey& key, Now now) {
  const absl::Duration wait = controller->breaker.Wait(key, now);
  if (wait <= absl::ZeroDuration()) return false;
  if (const std::optional<std::string> words = controller->breaker.Complaint(key, now)) {
    Log(LogLevel::kError, "slowed down",
        {{"controller", controller->source}, {"key", ToString(key)}, {"why", *words}});
    Complain(controller, key, "ReconcileStorm", *words);
  }
  controller->queue.AddAfter(key, wait, now).IgnoreError();  // It has just left its place.
  return true;
}

void Manager::Impl::Complain(Controller* controller, const ObjectKey& key,
                             const std::string& reason, const std::string& message) {
  const v1::Object* object = world_.Find(key);
  if (object == nullptr) return;
  RecordEvent event{
      .regarding = {}, .type = v1::EventSpec::Warning, .reason = reason, .message = message};
  event.regarding.set_kind(key.kind);
  event.regarding.set_namespace_(key.ns);
  event.regarding.set_name(key.name);
  event.regarding.set_uid(schema::Meta(*object).uid());
  events_.Record(event, controller->source, now_);
}

void Manager::Impl::Reconcile(Controller* controller, const ObjectKey& key, Now now) {
  const MetricLabels labels = {{"controller", std::string(controller->reconciler.name)}};
  const absl::Duration start =
      options_.stopwatch ? options_.stopwatch->Read().mono : absl::ZeroDuration();
  M().active.Set(1, labels);
  const Outcome outcome = controller->reconciler.reconcile(world_, key, now);
  const Execution execution = executor_.Execute(outcome, controller->source, now);
  Finish(controller, key, outcome, execution);
  M().active.Set(0, labels);
  if (options_.stopwatch) {
    M().seconds.Observe(absl::ToDoubleSeconds(options_.stopwatch->Read().mono - start), labels);
  }
}

void Manager::Impl::Finish(Controller* controller, const ObjectKey& key, const Outcome& outcome,
                           const Execution& execution) {
  MetricLabels labels = {{"controller", std::string(controller->reconciler.name)}};
  if (!execution.writes.empty()) controller->breaker.Wrote(key, now_);
  std::vector<AwaitedWrite> awaited = execution.writes;
  std::erase_if(awaited, [&](const AwaitedWrite& write) { return Arrived(write, world_); });
  if (!awaited.empty()) controller->resting[key] = std::move(awaited);
  if (!execution.uncertain.empty()) controller->uncertain[key] = execution.uncertain;
  if (!execution.status.ok()) return Failed(controller, key, execution.status);
  controller->queue.Forget(key);
  if (outcome.after.has_value()) {
    // The key is still at work: a pause is kept apart from what wakes it after Done.
    controller->queue.AddAfter(key, *outcome.after, now_).IgnoreError();
  }
  labels["result"] = outcome.after.has_value() ? "requeue_after" : "success";
  M().reconciles.Add(labels);
}

void Manager::Impl::Failed(Controller* controller, const ObjectKey& key,
                           const absl::Status& status) {
  MetricLabels labels = {{"controller", std::string(controller->reconciler.name)}};
  const bool stale = MeansStale(status);
  if (!stale) M().errors.Add(labels);
  labels["result"] = stale ? "requeue" : "error";
  M().reconciles.Add(labels);
  // The key has just left its place in the queue. Without a server there is nothing wrong with it.
  const absl::Status queued = absl::IsUnavailable(status)
                                  ? controller->queue.AddAfter(key, kReconnectPauseMax, now_)
                                  : controller->queue.AddFailed(key, now_);
  queued.IgnoreError();
  const int failures = controller->queue.failures(key);
  const bool unavailable = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  if (failures == kFailuresUntilEvent && !unavailable)
    Complain(controller, key, "ReconcileFailed", Message(status));
  const bool loud =
      failures == 1 ? !stale : failures == kFailuresUntilEvent;  // Once for each series is enough.
  Log(loud ? LogLevel::kWarning : LogLevel::kDebug, "reconciliation failed",
      {{"controller", controller->source},
       {"key", ToString(key)},
       {"error", status.ToString()},
       {"failures", failures}});
}

void Manager::Impl::Prune(Now now) {
  if (now.mono < pruned_at_ + kPrunePeriod) return;
  pruned_at_ = now.mono;
  for (Controller& controller : controllers_) controller.breaker.Prune(now);
}

absl::Duration Manager::Impl::NextWake(Now now) const {
  absl::Duration least = events_.UntilDue(now);
  for (const client::Informer& informer : informers_)
    least = std::min(least, informer.NextWake(now));
  if (!Synced()) return least;
  for (const Controller& controller : controllers_)
    least = std::min(least, controller.queue.UntilReady(now));
  return least;
}

Manager::Manager(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Manager::~Manager() = default;
bool Manager::ProcessOne(Now now) { return impl_->ProcessOne(now); }
absl::Duration Manager::NextWake(Now now) const { return impl_->NextWake(now); }
bool Manager::Synced() const { return impl_->Synced(); }
const World& Manager::world() const { return impl_->world(); }
absl::Status Manager::Health() const { return impl_->Health(); }

}  // namespace reeve::controllers
