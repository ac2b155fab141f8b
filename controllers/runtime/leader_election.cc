#include "controllers/runtime/leader_election.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/status.h"
#include "proto/schema/object.h"

namespace reeve::controllers {
namespace {

const Gauge& Master() {
  static const Gauge& gauge = *new Gauge("leader_election_master_status",
                                         "1 in the process that holds the Lease of this name.");
  return gauge;
}

}  // namespace

bool LeaderElection::IsLeader(Now now) const { return now.mono < held_until_; }

absl::Duration LeaderElection::NextWake(Now now) const {
  return std::max(absl::ZeroDuration(), next_ - now.mono);
}

void LeaderElection::Step(Now now) {
  if (now.mono < next_) return;
  next_ = now.mono + kHeartbeatPeriod;
  const bool before = IsLeader(now);
  const absl::Status status = Try(now);
  if (!status.ok()) {
    next_ = now.mono + kReconnectPauseMax;
    Log(LogLevel::kInfo, "the lease was not renewed", {{"error", status.ToString()}});
  }
  if (before != IsLeader(now))
    Log(LogLevel::kInfo, "leadership changed", {{"leader", IsLeader(now)}});
  Master().Set(IsLeader(now) ? 1 : 0, {{"name", options_.lease}});
}

absl::Status LeaderElection::Try(Now now) {
  absl::StatusOr<v1::Object> lease = options_.client->Get({"Lease", "", options_.lease});
  if (absl::IsNotFound(lease.status())) {
    v1::Lease made;
    made.mutable_metadata()->set_name(options_.lease);
    return Take(schema::Wrap(std::move(made)), now);
  }
  RETURN_IF_ERROR(lease.status());
  const std::string& holder = lease->lease().spec().holder();
  if (holder == options_.holder || holder == kNobody) return Take(*std::move(lease), now);
  const std::string& version = schema::Meta(*lease).resource_version();
  if (version != seen_version_) {
    seen_version_ = version;
    seen_at_ = now.mono;
  }
  if (now.mono - seen_at_ < kLeaseTtl) return absl::OkStatus();
  return Take(*std::move(lease), now);
}

// The hold is counted from before the call: the server cannot have begun to count earlier.
absl::Status LeaderElection::Take(v1::Object lease, Now now) {
  v1::LeaseSpec* spec = lease.mutable_lease()->mutable_spec();
  spec->set_holder(options_.holder);
  spec->set_renewals(spec->renewals() + 1);
  if (schema::Meta(lease).resource_version().empty()) {
    v1::CreateRequest request;
    *request.mutable_object() = std::move(lease);
    RETURN_IF_ERROR(options_.client->Create(request).status());
  } else {
    v1::UpdateRequest request;
    *request.mutable_object() = std::move(lease);
    RETURN_IF_ERROR(options_.client->Update(request).status());
  }
  held_until_ = now.mono + kLeaseTtl - kHeartbeatPeriod;
  return absl::OkStatus();
}

void LeaderElection::Resign() {
  absl::StatusOr<v1::Object> lease = options_.client->Get({"Lease", "", options_.lease});
  held_until_ = -absl::InfiniteDuration();
  if (!lease.ok() || lease->lease().spec().holder() != options_.holder) return;
  v1::UpdateRequest request;
  *request.mutable_object() = *std::move(lease);
  request.mutable_object()->mutable_lease()->mutable_spec()->set_holder(kNobody);
  const absl::Status status = options_.client->Update(request).status();
  if (!status.ok())
    Log(LogLevel::kInfo, "the lease was not given back", {{"error", status.ToString()}});
}

}  // namespace reeve::controllers
