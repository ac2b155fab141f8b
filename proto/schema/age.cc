#include "proto/schema/age.h"

#include <fmt/format.h>

namespace reeve::schema {
namespace {

// "3m5s"; "3m" when there is no rest.
std::string TwoUnits(int64_t value, std::string_view unit, int64_t rest,
                     std::string_view rest_unit) {
  return rest == 0 ? fmt::format("{}{}", value, unit)
                   : fmt::format("{}{}{}{}", value, unit, rest, rest_unit);
}

}  // namespace

// Thresholds as in k8s.io/apimachinery/pkg/util/duration.
std::string HumanDuration(absl::Duration span) {
  const int64_t seconds = absl::ToInt64Seconds(span);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  const int64_t days = hours / 24;
  const int64_t years = days / 365;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) return TwoUnits(minutes, "m", seconds % 60, "s");
  if (hours < 3) return fmt::format("{}m", minutes);
  if (hours < 8) return TwoUnits(hours, "h", minutes % 60, "m");
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return TwoUnits(days, "d", hours % 24, "h");
  if (years < 2) return fmt::format("{}d", days);
  if (years < 8) return TwoUnits(years, "y", days % 365, "d");
  return fmt::format("{}y", years);
}

}  // namespace reeve::schema
