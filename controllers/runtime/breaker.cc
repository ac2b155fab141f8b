#include "controllers/runtime/breaker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/timestamps.h"
#include "proto/schema/object.h"

namespace reeve::controllers {
namespace {

constexpr size_t kWakersMax = 16;

// Who wrote last, by managedFields.
std::string LastManager(const v1::ObjectMeta& meta) {
  const v1::ManagedFieldsEntry* last = nullptr;
  for (const v1::ManagedFieldsEntry& entry : meta.managed_fields()) {
    if (last == nullptr || client::ToTime(entry.time()) >= client::ToTime(last->time()))
      last = &entry;
  }
  return last == nullptr ? "unknown" : last->manager();
}

}  // namespace

void Breaker::Refill(Entry* entry, Now now) {
  const double back = absl::ToDoubleSeconds(now.mono - entry->at) * kStormPerSecond;
  entry->tokens = std::min(kStormBurst, entry->tokens + back);
  entry->at = now.mono;
}

void Breaker::Woken(const ObjectKey& key, const v1::Object& change) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;  // It has written nothing lately.
  std::map<std::string, int>& wakers = it->second.wakers;
  const std::string who =
      fmt::format("{} ({})", ToString(schema::KeyOf(change)), LastManager(schema::Meta(change)));
  if (wakers.size() < kWakersMax || wakers.contains(who)) ++wakers[who];
}

void Breaker::Wrote(const ObjectKey& key, Now now) {
  const auto [it, added] = entries_.try_emplace(
      key, Entry{.tokens = kStormBurst, .at = now.mono, .since = now.mono, .wakers = {}});
  Refill(&it->second, now);
  it->second.tokens -= 1;
  ++it->second.writes;
}

absl::Duration Breaker::Wait(const ObjectKey& key, Now now) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return absl::ZeroDuration();
  Refill(&it->second, now);
  if (it->second.tokens >= 1) return absl::ZeroDuration();
  return absl::Seconds((1 - it->second.tokens) / kStormPerSecond) + absl::Milliseconds(1);
}

std::optional<std::string> Breaker::Complaint(const ObjectKey& key, Now now) {
  const auto it = entries_.find(key);
  if (it == entries_.end() || it->second.complained) return std::nullopt;
  Entry& entry = it->second;
  entry.complained = true;
  const auto busiest =
      std::max_element(entry.wakers.begin(), entry.wakers.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return fmt::format("{} writes in {}, mostly woken by {}", entry.writes,
                     absl::FormatDuration(absl::Trunc(now.mono - entry.since, absl::Seconds(1))),
                     busiest == entry.wakers.end() ? "itself" : busiest->first);
}

void Breaker::Prune(Now now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    Refill(&it->second, now);
    it = it->second.tokens >= kStormBurst ? entries_.erase(it) : std::next(it);
  }
}

}  // namespace reeve::controllers
