#include "agents/thread_probes.h"

#include <gtest/gtest.h>

#include <set>

#include "base/status.h"

namespace reeve::agents {
namespace {

constexpr int kHanging = 1;
constexpr absl::Duration kPatience = absl::Seconds(30);

// Port 1 hangs until it is let go.
class HangingNet final : public Net {
 public:
  absl::StatusOr<std::vector<TcpListener>> Listeners() override { return Unimplemented(); }
  absl::StatusOr<std::vector<TcpListener>> ListeningSockets() override { return Unimplemented(); }
  absl::StatusOr<HttpAnswer> HttpGet(const HttpProbe&) override { return Unimplemented(); }
  absl::Status HttpAwait(const HttpProbe&, const std::string&, absl::Duration) override {
    return Unimplemented();
  }
  absl::Status TcpConnect(int port, absl::Duration) override {
    if (port == kHanging) go.WaitFor(kPatience);
    return port == kHanging ? DeadlineExceeded("hung") : absl::OkStatus();
  }
  Notification go;

 private:
  static absl::Status Unimplemented() { return absl::UnimplementedError("not asked"); }
};

v1::Artifact::Probe To(int port) {
  v1::Artifact::Probe probe;
  probe.set_port(port);
  return probe;
}

class ThreadProbesTest : public ::testing::Test {
 protected:
  // Until `count` of them have ended.
  std::vector<ProbeRunner::Ended> Await(size_t count) {
    std::vector<ProbeRunner::Ended> all;
    while (all.size() < count && woken_.WaitFor(kPatience)) {
      for (ProbeRunner::Ended& ended : probes_.Take()) all.push_back(std::move(ended));
    }
    return all;
  }

  HangingNet net_;
  Notification woken_;
  ThreadProbes probes_{&net_, 2, [this] { woken_.Notify(); }};
};

TEST_F(ThreadProbesTest, OneThatHangsKeepsNoOtherWaiting) {
  probes_.Start(1, To(kHanging));
  std::set<uint64_t> ended;
  for (uint64_t id = 2; id < 10; ++id) probes_.Start(id, To(8080));
  for (const auto& one : Await(8)) {
    EXPECT_TRUE(one.result.ok()) << one.result;
    ended.insert(one.id);
  }
  EXPECT_EQ(ended, (std::set<uint64_t>{2, 3, 4, 5, 6, 7, 8, 9}));
  net_.go.Notify();
  const auto last = Await(1);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].id, 1u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(last[0].result)) << last[0].result;
}

TEST_F(ThreadProbesTest, WhatNobodyTakesDoesNotKeepItFromEnding) { probes_.Start(1, To(8080)); }

}  // namespace
}  // namespace reeve::agents
