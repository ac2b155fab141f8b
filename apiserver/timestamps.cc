#include "apiserver/timestamps.h"

namespace reeve::apiserver {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  const int64_t below = ((micros % 1'000'000) + 1'000'000) % 1'000'000;
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds((micros - below) / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(below * 1000));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace reeve::apiserver
