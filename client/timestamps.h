// protobuf's Timestamp and absl's Time.
#pragma once

#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

namespace reeve::client {

inline void SetTime(google::protobuf::Timestamp* out, absl::Time time) {
  const absl::Time whole = absl::FromUnixSeconds(absl::ToUnixSeconds(time));
  out->set_seconds(absl::ToUnixSeconds(time));
  out->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - whole)));
}

inline absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace reeve::client
