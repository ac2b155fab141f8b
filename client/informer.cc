#include "client/informer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/list_hash.h"
#include "proto/schema/object.h"

namespace reeve::client {
namespace {

constexpr int kEventsPerPoll = 256;

// kBackoffMin, doubled for each failure after the first.
absl::Duration BackOff(const absl::Status& why, int failures) {
  const int doublings = std::min(failures - 1, 16);
  const absl::Duration most = absl::IsUnavailable(why) ? kReconnectPauseMax : kBackoffMax;
  return std::min(most, kBackoffMin * (int64_t{1} << doublings));
}

bool NeedsList(const absl::Status& status) {
  return absl::IsOutOfRange(status) || absl::IsDataLoss(status);
}

absl::Status CheckComplete(const std::vector<v1::Object>& list, const v1::ListSummary& summary) {
  schema::ListHash hash;
  for (const v1::Object& object : list) hash.Add(schema::Meta(object));
  if (hash.count() != summary.count()) {
    return DataLoss("an incomplete list: {} of {} objects", hash.count(), summary.count());
  }
  if (hash.Digest() != summary.hash())
    return DataLoss("a list whose hash is {}, not {}", hash.Digest(), summary.hash());
  return absl::OkStatus();
}

bool SameVersion(const v1::Object& a, const v1::Object& b) {
  return schema::Meta(a).uid() == schema::Meta(b).uid() &&
         schema::Meta(a).resource_version() == schema::Meta(b).resource_version();
}

}  // namespace

Informer::Informer(Options options) : options_(std::move(options)) {}

absl::Duration Informer::NextWake(Now now) const {
  if (stream_ != nullptr) return absl::InfiniteDuration();
  return std::max(absl::ZeroDuration(), retry_at_ - now.mono);
}

bool Informer::Poll(Now now) {
  if (stream_ == nullptr) {
    if (now.mono < retry_at_) return false;
    if (absl::Status status = Connect(now); !status.ok()) {
      Disconnect(std::move(status), now);
      return false;
    }
  }
  for (int taken = 0; taken < kEventsPerPoll; ++taken) {
    absl::StatusOr<std::optional<v1::WatchEvent>> next = stream_->Next();
    absl::Status status = next.status();
    if (status.ok() && !next->has_value()) return taken > 0;
    if (status.ok()) status = Take(**std::move(next));
    if (!status.ok()) {
      Disconnect(std::move(status), now);
      return true;
    }
  }
  return true;
}

absl::Status Informer::Connect(Now now) {
  v1::WatchRequest request;
  *request.mutable_selector() = options_.selector;
  request.set_send_initial_events(relist_);
  if (relist_) {
    list_.emplace();
  } else {
    request.set_revision(revision_);
    request.set_epoch(epoch_);
  }
  batch_.clear();
  ASSIGN_OR_RETURN(stream_, options_.watcher->Watch(request, options_.wake));
  connected_since_ = now.mono;
  return absl::OkStatus();
}

void Informer::Disconnect(absl::Status why, Now now) {
  relist_ = relist_ || NeedsList(why);
  stream_.reset();
  list_.reset();
  batch_.clear();
  connected_since_.reset();
  retry_at_ = now.mono + BackOff(why, ++failures_);
  last_error_ = Annotate(std::move(why), "watching " + options_.selector.kind());
}

absl::Status Informer::Take(v1::WatchEvent event) {
  if (event.type() == v1::WatchEvent::SNAPSHOT) return TakeSnapshot(event.summary());
  if (list_.has_value()) {
    if (event.type() != v1::WatchEvent::ADDED) return DataLoss("a change in the middle of a list");
    list_->push_back(std::move(*event.mutable_object()));
    return absl::OkStatus();
  }
  const Revision revision = event.revision();
  const bool more = event.more();
  if (event.type() != v1::WatchEvent::BOOKMARK) batch_.push_back(std::move(event));
  if (!more) TakeBatch(revision);
  return absl::OkStatus();
}

absl::Status Informer::TakeSnapshot(const v1::ListSummary& summary) {
  if (!list_.has_value()) return DataLoss("a snapshot mark without a list");
  RETURN_IF_ERROR(CheckComplete(*list_, summary));
  std::map<ObjectKey, v1::Object> before;
  before.swap(objects_);
  for (v1::Object& object : *list_) objects_.emplace(schema::KeyOf(object), std::move(object));
  list_.reset();
  relist_ = false;
  const bool same_epoch = epoch_ == summary.epoch();
  synced_ = true;
  failures_ = 0;
  last_error_ = absl::OkStatus();
  epoch_ = summary.epoch();
  revision_ = summary.revision();
  ReportDifferences(before, same_epoch);
  return absl::OkStatus();
}

// Versions can only be compared within one life of the store.
void Informer::ReportDifferences(const std::map<ObjectKey, v1::Object>& before, bool same_epoch) {
  for (const auto& [key, object] : before) {
    if (!objects_.contains(key)) options_.on_change(&object, nullptr);
  }
  for (const auto& [key, object] : objects_) {
    const auto known = before.find(key);
    if (known == before.end()) {
      options_.on_change(nullptr, &object);
    } else if (!same_epoch || !SameVersion(known->second, object)) {
      options_.on_change(&known->second, &object);
    }
  }
}

void Informer::TakeBatch(Revision revision) {
  std::vector<v1::WatchEvent> batch;
  batch.swap(batch_);
  failures_ = 0;
  last_error_ = absl::OkStatus();
  if (revision <= revision_) return;  // Seen before the stream broke.
  revision_ = revision;
  for (v1::WatchEvent& event : batch) Change(std::move(event));
}

void Informer::Change(v1::WatchEvent event) {
  const ObjectKey key = schema::KeyOf(event.object());
  const auto it = objects_.find(key);
  std::optional<v1::Object> before;
  if (it != objects_.end()) before = std::move(it->second);
  if (event.type() == v1::WatchEvent::DELETED) {
    if (it != objects_.end()) objects_.erase(it);
    options_.on_change(before.has_value() ? &*before : &event.object(), nullptr);
    return;
  }
  v1::Object& after = objects_[key];
  after.Swap(event.mutable_object());
  options_.on_change(before.has_value() ? &*before : nullptr, &after);
}

}  // namespace reeve::client
