// Renews the Lease of this host, so that it counts as alive. A step, for a loop of its own: a long
// apply must not make the host look dead. Thread-compatible.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>

#include "base/clock.h"
#include "client/client.h"

namespace reeve::agents {

class Heartbeat {
 public:
  Heartbeat(client::Client* client, std::string host) : client_(client), host_(std::move(host)) {}

  // Renews when it is time. Returns how long to wait until the next step.
  absl::Duration ProcessOne(Now now);
  const absl::Status& last_status() const { return last_status_; }

 private:
  absl::Status Renew();

  client::Client* const client_;
  const std::string host_;
  absl::Duration due_ = -absl::InfiniteDuration();
  absl::Status last_status_;
};

}  // namespace reeve::agents
