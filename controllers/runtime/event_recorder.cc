#include "controllers/runtime/event_recorder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/log.h"
#include "client/timestamps.h"
#include "proto/schema/object.h"

namespace reeve::controllers {
namespace {

// FNV-1a: the same in every process.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

v1::Event NewEvent(const ObjectKey& key, const RecordEvent& record, const std::string& source,
                   absl::Time now) {
  v1::Event event;
  event.mutable_metadata()->set_name(key.name);
  event.mutable_metadata()->set_namespace_(key.ns);
  v1::EventSpec* spec = event.mutable_spec();
  *spec->mutable_regarding() = record.regarding;
  spec->set_type(record.type);
  spec->set_reason(record.reason);
  spec->set_message(record.message.substr(0, 1024));
  spec->set_source(source);
  client::SetTime(spec->mutable_first_time(), now);
  return event;
}

}  // namespace

ObjectKey EventKey(const RecordEvent& event, const std::string& source) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", event.regarding.kind(),
                                       event.regarding.uid(), event.reason, event.message, source);
  const std::string ns =
      event.regarding.namespace_().empty() ? "default" : event.regarding.namespace_();
  return {"Event", ns,
          fmt::format("{}.{:016x}", event.regarding.name().substr(0, 200), Hash(text))};
}

void EventRecorder::Record(const RecordEvent& record, const std::string& source, Now now) {
  const ObjectKey key = EventKey(record, source);
  auto it = waiting_.find(key);
  if (it == waiting_.end()) {
    if (waiting_.size() >= kEventsWaitingMax) return;
    const auto written = written_.find(key);
    const absl::Duration due =
        written == written_.end() ? now.mono : written->second + kEventFlushPeriod;
    it = waiting_.emplace(key, Waiting{NewEvent(key, record, source, now.wall), due}).first;
  }
  v1::EventSpec* spec = it->second.event.mutable_spec();
  spec->set_count(spec->count() + 1);
  client::SetTime(spec->mutable_last_time(), now.wall);
}

bool EventRecorder::Flush(const World& world, Now now) {
  std::erase_if(written_,
                [&](const auto& entry) { return entry.second + kEventFlushPeriod <= now.mono; });
  const auto due = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const auto& entry) { return entry.second.due <= now.mono; });
  if (due == waiting_.end()) return false;
  const auto [key, waiting] = *due;
  waiting_.erase(due);
  written_[key] = now.mono;
  Write(world, waiting.event);
  return true;
}

void EventRecorder::Write(const World& world, const v1::Event& event) {
  const v1::Event* known =
      world.Get<v1::Event>(event.metadata().namespace_(), event.metadata().name());
  absl::Status status;
  if (known == nullptr) {
    v1::CreateRequest request;
    *request.mutable_object() = schema::Wrap(event);
    request.set_field_manager(event.spec().source());
    status = writer_->Create(request).status();
  } else {
    v1::Event counted = *known;
    counted.mutable_spec()->set_count(known->spec().count() + event.spec().count());
    *counted.mutable_spec()->mutable_last_time() = event.spec().last_time();
    v1::UpdateRequest request;
    *request.mutable_object() = schema::Wrap(std::move(counted));
    request.set_field_manager(event.spec().source());
    status = writer_->Update(request).status();
  }
  if (!status.ok())
    Log(LogLevel::kInfo, "event dropped",
        {{"event", event.metadata().name()}, {"error", status.ToString()}});
}

absl::Duration EventRecorder::UntilDue(Now now) const {
  absl::Duration least = absl::InfiniteDuration();
  for (const auto& [key, waiting] : waiting_) least = std::min(least, waiting.due - now.mono);
  return std::max(absl::ZeroDuration(), least);
}

}  // namespace reeve::controllers
