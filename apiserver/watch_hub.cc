#include "apiserver/watch_hub.h"

#include <atomic>
#include <map>
#include <utility>
#include <vector>

#include "apiserver/access.h"
#include "apiserver/fields.h"
#include "apiserver/keys.h"
#include "apiserver/watch_event.h"
#include "apiserver/watch_subscription.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "base/status.h"
#include "proto/schema/selector.h"

namespace reeve::apiserver {
namespace {

using StatePtr = std::shared_ptr<SubscriptionState>;
// In order of subscription: who is told first must not depend on addresses.
using Group = std::map<uint64_t, StatePtr>;

// Which changes concern a subscription: those of `kind` with `value` in `field`; with any value
// when `field` is empty.
struct IndexKey {
  int kind = 0;
  std::string field;
  std::string value;
  auto operator<=>(const IndexKey&) const = default;
};

// The first indexed field that the selector pins, or the namespace.
IndexKey IndexOf(const schema::Matcher& matcher) {
  const schema::Kind& kind = matcher.kind();
  for (const std::string& field : IndexedFields(kind.descriptor)) {
    const std::string value = matcher.RequiredField(field);
    if (!value.empty()) return {kind.id, field, value};
  }
  if (!matcher.ns().empty()) return {kind.id, "metadata.namespace", matcher.ns()};
  return {kind.id, "", ""};
}

bool SelectsAll(const v1::Selector& selector) {
  return selector.namespace_().empty() && selector.labels().empty() && selector.fields().empty();
}

// What one change of a batch is to one subscription that it concerns.
struct Seen {
  uint64_t id = 0;
  const StatePtr* state = nullptr;  // The hub's own.
  ObjectChange* change = nullptr;
  v1::WatchEvent::Type type = v1::WatchEvent::UNSPECIFIED;
};
using Delivery = std::vector<Seen>;
// Those that must be woken, each once.
using Told = std::vector<StatePtr>;

void Tell(const StatePtr& state, Told* told) {
  if (state->BeTold()) told->push_back(state);
}

void WakeAll(Told* told) {
  for (const StatePtr& state : *told) state->Wake();
  told->clear();
}

// Commits handed out before anybody is woken: what waits for a watcher then leaves together, which
// is what lets the hub catch up when it is behind.
constexpr int kBatchesAtOnceMax = 32;

int IdOf(const schema::KindRegistry& kinds, const std::string& name) {
  const schema::Kind* kind = kinds.FindByName(name);
  return kind == nullptr ? 0 : kind->id;
}

// Shared by the hub and its subscriptions, so that these may be destroyed later.
class Core {
 public:
  explicit Core(WatchHub::Options options)
      : options_(std::move(options)),
        host_kind_(IdOf(*options_.kinds, "Host")),
        own_index_(options_.store, options_.kinds),
        index_of_objects_(options_.index != nullptr ? options_.index : &own_index_) {}

  absl::Status Start() {
    const KeyRange range = AllObjectsRange();
    MutexLock lock(&mu_);
    revision_ = options_.store->revision();
    ASSIGN_OR_RETURN(watcher_,
                     options_.store->Watch(range.first, range.last, revision_, options_.wake));
    bookmark_at_ = options_.clock->Read().mono + kBookmarkPeriod;
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Pump();
  absl::Duration UntilBookmark();
  int64_t comparisons() const { return comparisons_; }
  absl::StatusOr<std::pair<uint64_t, StatePtr>> Subscribe(const Identity& who,
                                                          const v1::WatchRequest& request,
                                                          std::function<void()> wake);
  void Unsubscribe(uint64_t id);
  void CloseAll(const absl::Status& why);

 private:
  absl::Status CheckResume(const v1::WatchRequest& request) const;
  absl::Status Position(const v1::WatchRequest& request, SubscriptionState::Options* options)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FanOut(const store::Batch& batch, Told* told);
  absl::Status Admit(const Identity& who) const {
    return options_.admit ? options_.admit(who) : absl::OkStatus();
  }
  void CloseRemovedLocked(const std::string& host, Told* told) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Match(ObjectChange* change, int kind, Revision revision, Delivery* delivery)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void MatchGroup(const Group& group, ObjectChange* change, Revision revision,
                  Delivery* delivery) const;
  void DeliverLocked(Delivery* delivery, Told* told) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Bookmark();

  const WatchHub::Options options_;
  const int host_kind_;  // Its id; 0 where there is no such kind.
  ObjectIndex own_index_;
  ObjectIndex* const index_of_objects_;
  Mutex pump_mu_;  // Held while pumping; before mu_.
  Mutex mu_;
  std::unique_ptr<store::Watcher> watcher_;
  absl::Status ended_ ABSL_GUARDED_BY(mu_);
  Revision revision_ ABSL_GUARDED_BY(mu_) = 0;  // Everything up to here was handed out.
  absl::Duration bookmark_at_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, std::pair<IndexKey, StatePtr>> subscriptions_ ABSL_GUARDED_BY(mu_);
  std::map<IndexKey, Group> index_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::set<uint64_t>> of_hosts_ ABSL_GUARDED_BY(mu_);  // By the host's name.
  mutable std::atomic<int64_t> comparisons_ = 0;
  // How many subscriptions watch each (kind, field): which values of a change must be looked up.
  std::map<std::pair<int, std::string>, int> fields_ ABSL_GUARDED_BY(mu_);
};

absl::Status Core::CheckResume(const v1::WatchRequest& request) const {
  const store::Store& store = *options_.store;
  if (!request.epoch().empty() && request.epoch() != store.epoch()) {
    return DataLoss("the revision is of epoch {}, this store is of epoch {}: list again",
                    request.epoch(), store.epoch());
  }
  if (request.revision() < 0) return InvalidArgument("revision: must not be negative");
  if (request.revision() > store.revision()) {
    return DataLoss("revision {} is ahead of this store, which is at {}: list again",
                    request.revision(), store.revision());
  }
  return absl::OkStatus();
}

absl::Status Core::Position(const v1::WatchRequest& request, SubscriptionState::Options* options) {
  if (request.send_initial_events()) {
    ASSIGN_OR_RETURN(options->snapshot, index_of_objects_->Find(options->matcher));
    options->after = options->snapshot->view->revision();
    return absl::OkStatus();
  }
  options->after = request.revision() == 0 ? options_.store->revision() : request.revision();
  if (options->after >= revision_) return absl::OkStatus();
  ASSIGN_OR_RETURN(options->past, options_.store->Watch(options->range.first, options->range.last,
                                                        options->after, [] {}));
  options->after = revision_;
  return absl::OkStatus();
}

absl::StatusOr<std::pair<uint64_t, StatePtr>> Core::Subscribe(const Identity& who,
                                                              const v1::WatchRequest& request,
                                                              std::function<void()> wake) {
  ASSIGN_OR_RETURN(schema::Matcher matcher,
                   schema::Matcher::Parse(request.selector(), *options_.kinds));
  RETURN_IF_ERROR(CheckVerb(who, Verb::kWatch, matcher.kind(), ""));
  RETURN_IF_ERROR(CheckSelector(who, Verb::kWatch, matcher));
  RETURN_IF_ERROR(CheckResume(request));
  const IndexKey key = IndexOf(matcher);
  const KeyRange range =
      ObjectRange(matcher.kind(), matcher.kind().namespaced() ? matcher.ns() : "");
  SubscriptionState::Options options{.kinds = options_.kinds,
                                     .who = who,
                                     .epoch = options_.store->epoch(),
                                     .matcher = std::move(matcher),
                                     .all_of_kind = SelectsAll(request.selector()),
                                     .range = range,
                                     .wake = std::move(wake)};
  // An index is made when it is first asked for: not under the lock.
  if (request.send_initial_events())
    RETURN_IF_ERROR(index_of_objects_->Find(options.matcher).status());
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(ended_);
  // Under the lock: what changes after this is fanned out to this subscription too.
  RETURN_IF_ERROR(Admit(who));
  RETURN_IF_ERROR(Position(request, &options));
  const auto state = std::make_shared<SubscriptionState>(std::move(options));
  const uint64_t id = next_id_++;
  subscriptions_[id] = {key, state};
  index_[key][id] = state;
  if (!key.field.empty()) ++fields_[{key.kind, key.field}];
  if (who.role == Identity::Role::kHost) of_hosts_[who.name].insert(id);
  return std::pair(id, state);
}

void Core::Unsubscribe(uint64_t id) {
  MutexLock lock(&mu_);
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return;
  const IndexKey key = found->second.first;
  const Identity& who = found->second.second->options().who;
  if (const auto host = of_hosts_.find(who.name); host != of_hosts_.end()) {
    host->second.erase(id);
    if (host->second.empty()) of_hosts_.erase(host);
  }
  subscriptions_.erase(found);
  index_[key].erase(id);
  if (index_[key].empty()) index_.erase(key);
  if (!key.field.empty() && --fields_[{key.kind, key.field}] == 0)
    fields_.erase({key.kind, key.field});
}

void Core::CloseAll(const absl::Status& why) {
  std::vector<StatePtr> states;
  {
    MutexLock lock(&mu_);
    if (ended_.ok()) ended_ = why;
    for (const auto& [id, entry] : subscriptions_) states.push_back(entry.second);
  }
  for (const StatePtr& state : states) {
    state->Close(why);
    state->Wake();
  }
}

void Core::MatchGroup(const Group& group, ObjectChange* change, Revision revision,
                      Delivery* delivery) const {
  for (const auto& [id, state] : group) {
    if (revision <= state->options().after) continue;
    ++comparisons_;
    const auto type = change->SeenBy(state->options().matcher, state->options().all_of_kind);
    if (type.has_value()) delivery->push_back({id, &state, change, *type});
  }
}

void Core::Match(ObjectChange* change, int kind, Revision revision, Delivery* delivery) {
  if (const auto all = index_.find({kind, "", ""}); all != index_.end()) {
    MatchGroup(all->second, change, revision, delivery);
  }
  for (auto field = fields_.lower_bound({kind, ""});
       field != fields_.end() && field->first.first == kind; ++field) {
    std::set<std::string> values;
    if (change->After() != nullptr)
      values.insert(schema::ValueAt(*change->After(), field->first.second));
    if (change->Before() != nullptr)
      values.insert(schema::ValueAt(*change->Before(), field->first.second));
    for (const std::string& value : values) {
      const auto group = index_.find({kind, field->first.second, value});
      if (group != index_.end()) MatchGroup(group->second, change, revision, delivery);
    }
  }
}

// A subscription's changes stay in order, and reach it together.
void Core::DeliverLocked(Delivery* delivery, Told* told) {
  std::ranges::stable_sort(*delivery, {}, &Seen::id);
  std::vector<EventBytes> events;
  for (size_t i = 0; i < delivery->size(); ++i) {
    const Seen& seen = (*delivery)[i];
    const bool more = i + 1 < delivery->size() && (*delivery)[i + 1].id == seen.id;
    events.push_back(seen.change->Event(seen.type, more));
    if (more) continue;
    (*seen.state)->Deliver(events);
    Tell(*seen.state, told);
    events.clear();
  }
}

void Core::CloseRemovedLocked(const std::string& host, Told* told) {
  const auto subscriptions = of_hosts_.find(host);
  if (subscriptions == of_hosts_.end()) return;
  for (const uint64_t id : subscriptions->second) {
    const StatePtr& state = subscriptions_[id].second;
    const absl::Status status = Admit(state->options().who);
    if (status.ok()) continue;
    state->Close(status);
    Tell(state, told);
  }
}

void Core::FanOut(const store::Batch& batch, Told* told) {
  std::deque<ObjectChange> changes;
  Delivery delivery;
  MutexLock lock(&mu_);
  for (const store::Change& change : batch.changes) {
    ObjectChange& object = changes.emplace_back(options_.kinds, batch.revision, &change);
    const int kind = KindIdOfKey(change.version.key);
    Match(&object, kind, batch.revision, &delivery);
    if (kind != host_kind_) continue;
    CloseRemovedLocked(std::string(NameOfObjectKey(change.version.key)), told);
  }
  DeliverLocked(&delivery, told);
  revision_ = std::max(revision_, batch.revision);
}

bool Core::Bookmark() {
  Told told;
  {
    MutexLock lock(&mu_);
    const absl::Duration now = options_.clock->Read().mono;
    if (now < bookmark_at_) return false;
    bookmark_at_ = now + kBookmarkPeriod;
    v1::WatchEvent mark;
    mark.set_type(v1::WatchEvent::BOOKMARK);
    mark.set_revision(revision_);
    const EventBytes bytes = EncodeEvent(std::move(mark), nullptr);
    for (const auto& [id, entry] : subscriptions_) {
      if (revision_ < entry.second->options().after) continue;
      entry.second->Deliver({bytes});
      Tell(entry.second, &told);
    }
  }
  const bool any = !told.empty();
  WakeAll(&told);
  return any;
}

absl::StatusOr<bool> Core::Pump() {
  MutexLock pumping(&pump_mu_);
  Told told;
  int batches = 0;
  for (;; ++batches) {
    if (batches % kBatchesAtOnceMax == 0) WakeAll(&told);
    absl::StatusOr<std::optional<store::Batch>> batch = watcher_->Next();
    if (!batch.ok()) {
      WakeAll(&told);
      CloseAll(batch.status());
      return batch.status();
    }
    if (!batch->has_value()) break;
    FanOut(**batch, &told);
  }
  WakeAll(&told);
  {
    MutexLock lock(&mu_);
    revision_ = std::max(revision_, watcher_->last_revision());
  }
  return Bookmark() || batches > 0;
}

absl::Duration Core::UntilBookmark() {
  MutexLock lock(&mu_);
  return std::max(absl::ZeroDuration(), bookmark_at_ - options_.clock->Read().mono);
}

class HubSubscription final : public Subscription {
 public:
  HubSubscription(std::shared_ptr<Core> core, uint64_t id, StatePtr state)
      : core_(std::move(core)), id_(id), state_(std::move(state)) {}
  ~HubSubscription() override {
    core_->Unsubscribe(id_);
    state_->StopWaking();
  }

  absl::StatusOr<std::optional<EventBytes>> Next() override { return state_->Next(); }

 private:
  const std::shared_ptr<Core> core_;
  const uint64_t id_;
  const StatePtr state_;
};

class Hub final : public WatchHub {
 public:
  explicit Hub(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Hub() override { Shutdown(); }

  absl::StatusOr<bool> Pump() override { return core_->Pump(); }
  absl::Duration UntilBookmark() override { return core_->UntilBookmark(); }
  int64_t comparisons() const override { return core_->comparisons(); }
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(const Identity& who,
                                                      const v1::WatchRequest& request,
                                                      std::function<void()> wake) override {
    ASSIGN_OR_RETURN(auto subscribed, core_->Subscribe(who, request, std::move(wake)));
    return std::make_unique<HubSubscription>(core_, subscribed.first, std::move(subscribed.second));
  }
  void Shutdown() override { core_->CloseAll(Unavailable("the server is stopping")); }

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WatchHub>> WatchHub::Start(Options options) {
  auto core = std::make_shared<Core>(std::move(options));
  RETURN_IF_ERROR(core->Start());
  return std::make_unique<Hub>(std::move(core));
}

}  // namespace reeve::apiserver
