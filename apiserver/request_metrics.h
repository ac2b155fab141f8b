// The API server's metrics, under Kubernetes' names. Thread safety: safe.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "base/clock.h"

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

// A watch begins (+1) or ends (-1); an event was sent on one.
void CountWatch(const std::string& kind, int by);
void CountWatchEvent(const std::string& kind, size_t bytes);
// Watches that were closed because they did not keep up.
void CountTerminatedWatch(const std::string& kind);

// The HTTP code that dashboards know for a status.
int HttpCode(absl::StatusCode code);

}  // namespace reeve::apiserver
