#include "apiserver/store_watch.h"

#include <gtest/gtest.h>

#include <atomic>

namespace reeve::apiserver {
namespace {

TEST(StoreWatchTest, EndsTheServerOnlyWhenTheStoreStopped) {
  std::atomic<int> asked{0};
  Notification ended;
  const auto storage = [&asked]() -> absl::Status {
    if (++asked == 1) return absl::ResourceExhaustedError("the disk is full");
    return absl::UnavailableError("the store stopped");
  };
  const StoreWatch watch(storage, [&ended] { ended.Notify(); });
  EXPECT_TRUE(ended.WaitFor(absl::Seconds(60)));
  EXPECT_EQ(asked, 2) << "a full disk is waited for";
  EXPECT_TRUE(absl::IsUnavailable(watch.failure()));
}

}  // namespace
}  // namespace reeve::apiserver
