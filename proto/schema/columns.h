// What the printer columns of a kind (options.proto, Column) show of an object, for `ctl get` and
// for Kubernetes' Tables. No kind is known here. Pure.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "proto/schema/object.h"

namespace reeve::schema {

// The text of one cell: "1/2", "<none>", "5m3s" (the age at `now`).
std::string ColumnText(const Message& object, const v1::Column& column, absl::Time now);

// How long ago the object was made.
std::string AgeText(const Message& object, absl::Time now);

}  // namespace reeve::schema
