#include "apiserver/watch_subscription.h"

#include "base/limits.h"
#include "base/status.h"

namespace reeve::apiserver {
namespace {

constexpr size_t kSnapshotPage = 100;  // Objects decoded for one refill.

}  // namespace

SubscriptionState::SubscriptionState(Options options)
    : options_(std::move(options)), cursor_(options_.range.first) {}

std::optional<EventBytes> SubscriptionState::PopReady() {
  if (ready_.empty()) return std::nullopt;
  EventBytes event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

absl::StatusOr<std::optional<EventBytes>> SubscriptionState::Next() {
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(closed_);
  }
  while (ready_.empty() && options_.snapshot.has_value()) RETURN_IF_ERROR(FillFromSnapshot());
  while (ready_.empty() && options_.past != nullptr) RETURN_IF_ERROR(FillFromPast());
  if (std::optional<EventBytes> event = PopReady()) return event;
  MutexLock lock(&mu_);
  if (queue_.empty()) return std::optional<EventBytes>();
  std::optional<EventBytes> event = std::move(queue_.front());
  queue_.pop_front();
  queue_bytes_ -= (*event)->size();
  return event;
}

EventBytes SubscriptionState::SnapshotMark() const {
  v1::WatchEvent mark;
  mark.set_type(v1::WatchEvent::SNAPSHOT);
  mark.set_revision(options_.after);
  mark.mutable_summary()->set_revision(options_.after);
  mark.mutable_summary()->set_epoch(options_.epoch);
  mark.mutable_summary()->set_count(hash_.count());
  mark.mutable_summary()->set_hash(hash_.Digest());
  return EncodeEvent(std::move(mark), nullptr);
}

absl::Status SubscriptionState::FillFromSnapshot() {
  absl::Status decoded;
  bool more = false;
  RETURN_IF_ERROR(options_.snapshot->Visit(cursor_, [&](const store::Version& version) {
    more = ready_.size() == kSnapshotPage;
    if (more) return false;
    cursor_ = version.key + '\0';
    absl::StatusOr<ObjectPtr> object = DecodeFromStore(*options_.kinds, version);
    decoded = object.status();
    if (!decoded.ok()) return false;
    if (!options_.matcher.Matches(**object)) return true;
    hash_.Add(schema::Meta(**object));
    v1::WatchEvent head;
    head.set_type(v1::WatchEvent::ADDED);
    head.set_revision(options_.after);
    ready_.push_back(EncodeEvent(std::move(head), object->get()));
    return true;
  }));
  RETURN_IF_ERROR(decoded);
  if (more) return absl::OkStatus();
  ready_.push_back(SnapshotMark());
  options_.snapshot.reset();
  return absl::OkStatus();
}

void SubscriptionState::AddPastBatch(const store::Batch& batch) {
  std::deque<ObjectChange> changes;
  std::vector<std::pair<ObjectChange*, v1::WatchEvent::Type>> seen;
  for (const store::Change& change : batch.changes) {
    ObjectChange& object = changes.emplace_back(options_.kinds, batch.revision, &change);
    if (const auto type = object.SeenBy(options_.matcher, options_.all_of_kind))
      seen.emplace_back(&object, *type);
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    ready_.push_back(seen[i].first->Event(seen[i].second, i + 1 < seen.size()));
  }
}

absl::Status SubscriptionState::FillFromPast() {
  ASSIGN_OR_RETURN(const std::optional<store::Batch> batch, options_.past->Next());
  // Later ones come through the hub.
  if (batch.has_value() && batch->revision <= options_.after) AddPastBatch(*batch);
  const bool over = !batch.has_value() || batch->revision >= options_.after;
  if (over) options_.past = nullptr;
  return absl::OkStatus();
}

void SubscriptionState::Deliver(const std::vector<EventBytes>& events) {
  MutexLock lock(&mu_);
  if (!closed_.ok()) return;
  for (const EventBytes& event : events) {
    queue_bytes_ += event->size();
    queue_.push_back(event);
  }
  if (queue_.size() <= kWatcherQueueEventsMax && queue_bytes_ <= kWatcherQueueBytesMax) return;
  closed_ = ResourceExhausted("the watch fell {} events behind; resume from the last revision",
                              queue_.size());
  queue_.clear();
}

void SubscriptionState::Close(absl::Status why) {
  MutexLock lock(&mu_);
  if (closed_.ok()) closed_ = std::move(why);
}

void SubscriptionState::Wake() {
  told_ = false;
  MutexLock lock(&wake_mu_);
  if (waking_) options_.wake();
}

void SubscriptionState::StopWaking() {
  MutexLock lock(&wake_mu_);
  waking_ = false;
}

}  // namespace reeve::apiserver
