#include "agents/heartbeat.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/status.h"

namespace reeve::agents {
namespace {

// After a failure, sooner than the next regular one.
constexpr absl::Duration kRetry = absl::Seconds(2);

}  // namespace

absl::Status Heartbeat::Renew() {
  absl::StatusOr<v1::Object> lease = client_->Get({.kind = "Lease", .ns = "", .name = host_});
  if (absl::IsNotFound(lease.status())) {
    v1::CreateRequest create;
    create.mutable_object()->mutable_lease()->mutable_metadata()->set_name(host_);
    create.mutable_object()->mutable_lease()->mutable_spec()->set_holder(host_);
    create.mutable_object()->mutable_lease()->mutable_spec()->set_renewals(1);
    return client_->Create(create).status();
  }
  RETURN_IF_ERROR(lease.status());
  v1::UpdateRequest update;
  *update.mutable_object() = *std::move(lease);
  v1::LeaseSpec* spec = update.mutable_object()->mutable_lease()->mutable_spec();
  spec->set_holder(host_);
  spec->set_renewals(spec->renewals() + 1);
  return client_->Update(update).status();
}

absl::Duration Heartbeat::ProcessOne(Now now) {
  if (now.mono < due_) return due_ - now.mono;
  const absl::Status status = Renew();
  if (status.code() != last_status_.code()) {
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kWarning, "heartbeat",
        {{"status", status.ToString()}});
  }
  last_status_ = status;
  due_ = now.mono + (status.ok() ? kHeartbeatPeriod : kRetry);
  return due_ - now.mono;
}

}  // namespace reeve::agents
