// Waiting for the server to say that something has become so.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <string>

#include "ctl/session.h"
#include "reeve/v1/resources.pb.h"

namespace reeve::ctl {

// What to do after an event.
enum class Next { kGoOn, kStop };

// Calls `on_event` for the present state (ADDED events, then one SNAPSHOT) and every change after
// it, until it says stop: OK; or until `timeout` (ZeroDuration or less: never) has passed:
// DEADLINE_EXCEEDED. A broken stream is resumed from where it was; after one that cannot be
// resumed, the state comes again.
absl::Status Follow(Session& session, const v1::Selector& selector, absl::Duration timeout,
                    const std::function<absl::StatusOr<Next>(const v1::WatchEvent&)>& on_event);

// A selector of exactly this object.
v1::Selector SelectorOf(const ObjectKey& key);

// Waits until `done` holds of the object; it is called with nullptr while there is none.
absl::Status WaitForObject(Session& session, const ObjectKey& key, absl::Duration timeout,
                           const std::function<absl::StatusOr<Next>(const v1::Object*)>& done);

}  // namespace reeve::ctl
