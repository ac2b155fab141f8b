// One more thing that is wrong with a request. Pure.
#pragma once

#include <string>
#include <string_view>

#include "proto/schema/validate.h"

namespace reeve::apiserver {

void AddViolation(schema::Violations* violations, std::string_view field, std::string message);

}  // namespace reeve::apiserver
