// The API server's metrics, under Kubernetes' names. Thread safety: safe.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "base/clock.h"
#include "base/metrics.h"

namespace reeve::apiserver {

// One request, from its construction to Done.
class RequestMetrics {
 public:
  // `verb` is GET, LIST, CREATE, UPDATE, APPLY, DELETE...; `kind` what the request says (unknown
  // ones share one label).
  RequestMetrics(Clock* clock, std::string verb, const std::string& kind,
                 std::string subresource = "");
  void Done(const absl::Status& status) const;
  // The kind's plural; what unknown ones share.
  const std::string& resource() const { return resource_; }

 private:
  Clock* const clock_;
  const absl::Duration start_;
  const std::string verb_;
  const std::string resource_;
  const std::string subresource_;
};

// Counts one watch as open while it lives, and what is sent on it.
class WatchMetrics {
 public:
  explicit WatchMetrics(const std::string& kind);
  ~WatchMetrics();
  WatchMetrics(const WatchMetrics&) = delete;
  WatchMetrics& operator=(const WatchMetrics&) = delete;
  void Sent(size_t bytes) const;

 private:
  const std::string resource_;
  const Counter::Cell events_;
  const Counter::Cell bytes_;
};

// Watches that were closed because they did not keep up.
void CountTerminatedWatch(const std::string& kind);

// The HTTP code that dashboards know for a status.
int HttpCode(absl::StatusCode code);

}  // namespace reeve::apiserver
