#include "proto/schema/age.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace reeve::schema {
namespace {

// On both sides of every threshold of Kubernetes' HumanDuration.
TEST(Age, Thresholds) {
  const absl::Duration day = absl::Hours(24);
  const std::vector<std::pair<absl::Duration, std::string>> cases = {
      {absl::Seconds(-5), "<invalid>"},
      {absl::Milliseconds(-500), "0s"},
      {absl::ZeroDuration(), "0s"},
      {absl::Milliseconds(1900), "1s"},
      {absl::Seconds(119), "119s"},
      {absl::Seconds(120), "2m"},
      {absl::Seconds(185), "3m5s"},
      {absl::Seconds(599), "9m59s"},
      {absl::Minutes(10) + absl::Seconds(5), "10m"},
      {absl::Minutes(179), "179m"},
      {absl::Hours(3), "3h"},
      {absl::Hours(5) + absl::Minutes(12), "5h12m"},
      {absl::Hours(8) + absl::Minutes(30), "8h"},
      {absl::Hours(47), "47h"},
      {2 * day, "2d"},
      {3 * day + absl::Hours(4), "3d4h"},
      {8 * day + absl::Hours(4), "8d"},
      {729 * day, "729d"},
      {730 * day, "2y"},
      {760 * day, "2y30d"},
      {8 * 365 * day + day, "8y"},
      {9 * 365 * day, "9y"},
  };
  for (const auto& [span, text] : cases)
    EXPECT_EQ(HumanDuration(span), text) << absl::FormatDuration(span);
}

}  // namespace
}  // namespace reeve::schema
