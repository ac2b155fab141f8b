// absl::Time to protobuf and back.
#pragma once

#include <absl/time/time.h>
#include <google/protobuf/timestamp.pb.h>

namespace reeve::apiserver {

// Whole microseconds: what RFC 3339 texts keep.
google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace reeve::apiserver
