#include "store/space_guard.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/testing/status_matchers.h"
#include "store/testing/temp_dir.h"

namespace reeve::store {
namespace {

TEST(SpaceGuardTest, RefusesAtTheQuotaAndOnALowDiskAndGivesTheBallastBack) {
  const TempDir dir;
  const std::string ballast = dir / "ballast";
  uint64_t used = 0;
  uint64_t free = 10 << 20;
  SpaceGuard guard({.ballast_path = ballast,
                    .ballast_bytes = 1 << 20,
                    .quota_bytes = 5 << 20,
                    .used_bytes = [&] { return used; },
                    .free_bytes = [&] { return free; }});
  guard.Check();
  EXPECT_OK(guard.room());
  EXPECT_EQ(std::filesystem::file_size(ballast), 1 << 20);

  used = 6 << 20;
  guard.Check();
  EXPECT_THAT(guard.room(), IsError(absl::StatusCode::kResourceExhausted, "quota is 5 MiB"));
  used = 0;

  free = 3 << 19;
  guard.Check();
  EXPECT_THAT(guard.room(), IsError(absl::StatusCode::kResourceExhausted, "has 1 MiB left"));
  EXPECT_TRUE(std::filesystem::exists(ballast));

  free = 1 << 18;
  guard.Check();
  EXPECT_FALSE(std::filesystem::exists(ballast));

  free = 10 << 20;
  guard.Check();
  EXPECT_OK(guard.room());
  EXPECT_TRUE(std::filesystem::exists(ballast));
}

}  // namespace
}  // namespace reeve::store
