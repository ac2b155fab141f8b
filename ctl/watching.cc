#include "ctl/watching.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/executor.h"
#include "base/status.h"
#include "ctl/errors.h"

namespace reeve::ctl {
namespace {

constexpr absl::Duration kRetryPause = absl::Seconds(1);
// The state is looked at once, however little time there is for changes.
constexpr absl::Duration kFirstLook = absl::Seconds(5);

bool Resumable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}
bool Relistable(const absl::Status& status) {
  return absl::IsOutOfRange(status) || absl::IsDataLoss(status);
}

class Follower {
 public:
  Follower(Session& session, const v1::Selector& selector, absl::Duration timeout,
           const std::function<absl::StatusOr<Next>(const v1::WatchEvent&)>& on_event)
      : session_(session),
        timeout_(timeout),
        on_event_(on_event),
        start_(session.io().clock->Read().mono) {
    *request_.mutable_selector() = selector;
    request_.set_send_initial_events(true);
  }

  absl::Status Run() {
    while (true) {
      const absl::StatusOr<Next> next = RunStream();
      if (next.ok()) return absl::OkStatus();
      if (timed_out_ || on_event_failed_) return next.status();
      if (Relistable(next.status())) {
        StartOver();
      } else if (!Resumable(next.status()) || !seen_anything_) {
        return FromServer(next.status());
      }
      RETURN_IF_ERROR(Pause(kRetryPause).status());
    }
  }

 private:
  absl::StatusOr<Next> RunStream() {
    ASSIGN_OR_RETURN(client::Api * api, session_.Api());
    ASSIGN_OR_RETURN(const auto stream, api->Watch(request_, [this] { wake_.Notify(); }));
    while (true) {
      ASSIGN_OR_RETURN(const std::optional<v1::WatchEvent> event, stream->Next());
      if (!event) {
        RETURN_IF_ERROR(Pause(absl::InfiniteDuration()).status());
        continue;
      }
      ASSIGN_OR_RETURN(const Next next, Take(*event));
      if (next == Next::kStop) return next;
    }
  }

  absl::StatusOr<Next> Take(const v1::WatchEvent& event) {
    seen_anything_ = true;
    if (event.has_summary()) request_.set_epoch(event.summary().epoch());
    // Before the snapshot is complete there is no revision to resume from; within a transaction
    // neither.
    if (event.type() == v1::WatchEvent::SNAPSHOT) request_.set_send_initial_events(false);
    if (!request_.send_initial_events() && !event.more()) request_.set_revision(event.revision());
    if (event.type() == v1::WatchEvent::BOOKMARK) return Next::kGoOn;
    absl::StatusOr<Next> next = on_event_(event);
    on_event_failed_ = !next.ok();
    return next;
  }

  // Waits for a wake-up, `most` or the deadline, whichever is first; the deadline is an error.
  absl::StatusOr<bool> Pause(absl::Duration most) {
    if (timeout_ <= absl::ZeroDuration()) return wake_.WaitFor(std::min(most, absl::Hours(1)));
    const absl::Duration most_of_all = seen_anything_ ? timeout_ : std::max(timeout_, kFirstLook);
    const absl::Duration left = most_of_all - (session_.io().clock->Read().mono - start_);
    const bool woken = left > absl::ZeroDuration() && wake_.WaitFor(std::min(left, most));
    timed_out_ = !woken && left <= most;
    if (timed_out_) return DeadlineExceeded("timed out");
    return woken;
  }

  void StartOver() {
    request_.set_send_initial_events(true);
    request_.clear_revision();
    request_.clear_epoch();
  }

  Session& session_;
  const absl::Duration timeout_;
  const std::function<absl::StatusOr<Next>(const v1::WatchEvent&)>& on_event_;
  const absl::Duration start_;
  v1::WatchRequest request_;
  Notification wake_;
  bool seen_anything_ = false;
  bool on_event_failed_ = false;
  bool timed_out_ = false;
};

}  // namespace

absl::Status Follow(Session& session, const v1::Selector& selector, absl::Duration timeout,
                    const std::function<absl::StatusOr<Next>(const v1::WatchEvent&)>& on_event) {
  return Follower(session, selector, timeout, on_event).Run();
}

v1::Selector SelectorOf(const ObjectKey& key) {
  v1::Selector selector;
  selector.set_kind(key.kind);
  selector.set_namespace_(key.ns);
  selector.set_fields("metadata.name=" + key.name);
  return selector;
}

absl::Status WaitForObject(Session& session, const ObjectKey& key, absl::Duration timeout,
                           const std::function<absl::StatusOr<Next>(const v1::Object*)>& done) {
  bool exists = false;
  return Follow(session, SelectorOf(key), timeout,
                [&](const v1::WatchEvent& event) -> absl::StatusOr<Next> {
                  if (event.type() == v1::WatchEvent::SNAPSHOT)
                    return exists ? Next::kGoOn : done(nullptr);
                  exists = event.type() != v1::WatchEvent::DELETED;
                  return done(exists ? &event.object() : nullptr);
                });
}

}  // namespace reeve::ctl
