// Spans of time in as many figures as matter: 119s, 3m5s, 5h12m, 40d. Kubernetes' HumanDuration.
#pragma once

#include <absl/time/time.h>

#include <string>

namespace reeve::schema {

std::string HumanDuration(absl::Duration span);

}  // namespace reeve::schema
