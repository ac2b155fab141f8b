#include "controllers/runtime/workqueue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"

namespace reeve::controllers {
namespace {

constexpr uint64_t kInitialTurn = 8;

// As client-go has them: 10 ns and eleven times ten more.
std::vector<double> Buckets() {
  std::vector<double> out;
  double bound = 10e-9;
  for (int i = 0; i < 12; ++i, bound *= 10) out.push_back(bound);
  return out;
}

struct Metrics {
  Gauge depth{"workqueue_depth", "Keys that are ready to be worked on."};
  Counter adds{"workqueue_adds_total", "Keys that became ready."};
  Counter retries{"workqueue_retries_total", "Keys put back after a failure."};
  Histogram queued{"workqueue_queue_duration_seconds",
                   "How long a key was ready before it was worked on.", Buckets()};
  Histogram worked{"workqueue_work_duration_seconds", "How long a key was worked on.", Buckets()};
};

const Metrics& M() {
  static const Metrics& metrics = *new Metrics();
  return metrics;
}

absl::Duration Pause(int failures) {
  return std::min(kBackoffMax, kBackoffMin * (int64_t{1} << std::min(failures - 1, 16)));
}

}  // namespace

Workqueue::Workqueue(std::string name, size_t keys_max)
    : name_(std::move(name)), keys_max_(keys_max) {}

void Workqueue::Report() const {
  M().depth.Set(static_cast<double>(ready_.size()), {{"name", name_}});
}

absl::Status Workqueue::Add(const ObjectKey& key, Lane lane, Now now) {
  if (active_.contains(key)) {
    again_.insert(key);
    return absl::OkStatus();
  }
  if (const auto paused = delayed_.find(key); paused != delayed_.end()) {
    by_time_.erase({paused->second, key});
    delayed_.erase(paused);
  }
  const auto known = ready_.find(key);
  if (known != ready_.end() && known->second.lane <= lane) return absl::OkStatus();
  if (known == ready_.end() && size() >= keys_max_)
    return ResourceExhausted("{} keys are waiting", size());
  const absl::Duration since = known == ready_.end() ? now.mono : known->second.since;
  ready_[key] = {lane, since};
  LaneQueue(lane).push_back(key);
  M().adds.Add({{"name", name_}});
  Report();
  return absl::OkStatus();
}

absl::Status Workqueue::AddAfter(const ObjectKey& key, absl::Duration pause, Now now) {
  if (pause <= absl::ZeroDuration()) return Add(key, Lane::kNormal, now);
  if (ready_.contains(key)) return absl::OkStatus();
  const absl::Duration at = now.mono + pause;
  const auto paused = delayed_.find(key);
  if (paused != delayed_.end()) {
    if (paused->second <= at) return absl::OkStatus();
    by_time_.erase({paused->second, key});
  } else if (size() >= keys_max_) {
    return ResourceExhausted("{} keys are waiting", size());
  }
  delayed_[key] = at;
  by_time_.insert({at, key});
  return absl::OkStatus();
}

absl::Status Workqueue::AddFailed(const ObjectKey& key, Now now) {
  M().retries.Add({{"name", name_}});
  return AddAfter(key, Pause(++failures_[key]), now);
}

int Workqueue::failures(const ObjectKey& key) const {
  const auto it = failures_.find(key);
  return it == failures_.end() ? 0 : it->second;
}

void Workqueue::Promote(Now now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now.mono) {
    const ObjectKey key = by_time_.begin()->second;
    by_time_.erase(by_time_.begin());
    delayed_.erase(key);
    Add(key, Lane::kNormal, now).IgnoreError();  // It was counted while it paused: there is room.
  }
}

// The first key of `queue` that still belongs there.
std::optional<ObjectKey> Workqueue::Pop(std::deque<ObjectKey>* queue) {
  const Lane lane = queue == &normal_ ? Lane::kNormal : Lane::kInitial;
  while (!queue->empty()) {
    ObjectKey key = std::move(queue->front());
    queue->pop_front();
    const auto it = ready_.find(key);
    if (it != ready_.end() && it->second.lane == lane) return key;
  }
  return std::nullopt;
}

std::optional<ObjectKey> Workqueue::Choose() {
  const bool initial_first = ++turns_ % kInitialTurn == 0;
  std::optional<ObjectKey> key = Pop(initial_first ? &initial_ : &normal_);
  return key.has_value() ? key : Pop(initial_first ? &normal_ : &initial_);
}

std::optional<ObjectKey> Workqueue::Next(Now now) {
  Promote(now);
  std::optional<ObjectKey> key = Choose();
  if (!key.has_value()) return std::nullopt;
  const auto it = ready_.find(*key);
  M().queued.Observe(absl::ToDoubleSeconds(now.mono - it->second.since), {{"name", name_}});
  ready_.erase(it);
  active_[*key] = now.mono;
  Report();
  return key;
}

void Workqueue::Done(const ObjectKey& key, Now now) {
  const auto it = active_.find(key);
  CHECK(it != active_.end(), "Done of a key that came from Next");
  M().worked.Observe(absl::ToDoubleSeconds(now.mono - it->second), {{"name", name_}});
  active_.erase(it);
  if (again_.erase(key) > 0)
    Add(key, Lane::kNormal, now).IgnoreError();  // Its own place has just become free.
}

absl::Duration Workqueue::UntilReady(Now now) const {
  if (!ready_.empty()) return absl::ZeroDuration();
  if (by_time_.empty()) return absl::InfiniteDuration();
  return std::max(absl::ZeroDuration(), by_time_.begin()->first - now.mono);
}

}  // namespace reeve::controllers
