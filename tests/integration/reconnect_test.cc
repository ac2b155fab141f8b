// A control plane that is gone for a while and comes back at the same address: whoever was
// connected is back about a second later, and ctl says at once that nobody is there.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/fd.h"
#include "base/testing/status_matchers.h"
#include "client/informer.h"
#include "tests/integration/estate.h"

namespace reeve::integration {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
// About a second, and what a busy machine adds. With pauses that grow to 5 s it is not met.
constexpr absl::Duration kBackMax = absl::Seconds(3);
// So many failed attempts to connect that pauses have grown to their most.
constexpr int kAttempts = 8;

constexpr char kNamespace[] = R"(
apiVersion: reeve/v1
kind: Namespace
metadata: {name: back}
)";

absl::Duration Mono() { return RealClock()->Read().mono; }

// Listens where the server was, and hangs up on everybody: a front end without a back end.
class DeadEnd {
 public:
  explicit DeadEnd(const std::string& endpoint)
      : listener_(Listen(std::stoi(endpoint.substr(endpoint.find(':') + 1)))),
        thread_("dead-end", [this] { HangUp(); }) {}
  // So many have tried.
  bool Enough() const { return callers_ >= kAttempts; }

 private:
  static Fd Listen(int port) {
    Fd listener(socket(AF_INET, SOCK_STREAM, 0));
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener.get(), 16), 0);
    return listener;
  }
  void HangUp() {
    while (!Enough()) {
      const Fd caller(accept(listener_.get(), nullptr, nullptr));
      ++callers_;
    }
  }

  const Fd listener_;
  std::atomic<int> callers_ = 0;
  const Thread thread_;
};

class ReconnectTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(estate_.Start()); }

  // The server is gone while `step` runs, until nobody hopes for it; then it is there again.
  void Outage(const std::function<void()>& step) {
    ASSERT_OK(estate_.server().Stop());
    {
      const DeadEnd dead(estate_.server().endpoint());
      const absl::Duration start = Mono();
      while (!dead.Enough() && Mono() - start < kPatience) step();
      ASSERT_TRUE(dead.Enough()) << "nobody tries to connect";
    }
    ASSERT_OK(estate_.server().Start());
  }
  // How long it takes until `done`.
  absl::Duration TimeUntil(const std::function<bool()>& done) {
    const absl::Duration start = Mono();
    EXPECT_TRUE(support::WaitUntil(kPatience, done));
    return Mono() - start;
  }

  Estate estate_;
};

TEST_F(ReconnectTest, AWatchIsBackAboutASecondAfterTheServer) {
  Notification wake;
  v1::Selector selector;
  selector.set_kind("Namespace");
  client::Informer informer({.watcher = estate_.api(),
                             .selector = selector,
                             .on_change = [](const v1::Object*, const v1::Object*) {},
                             .wake = [&] { wake.Notify(); }});
  const auto poll = [&] {
    const Now now = RealClock()->Read();
    if (!informer.Poll(now)) wake.WaitFor(std::min(informer.NextWake(now), absl::Milliseconds(50)));
  };
  const auto polled = [&](const std::function<bool()>& done) {
    return [&poll, done] {
      poll();
      return done();
    };
  };
  TimeUntil(polled([&] { return informer.synced(); }));
  Outage(poll);
  const Said said = estate_.Ctl({"apply", "-f", "-"}, kNamespace);
  ASSERT_EQ(said.code, 0) << said.err;
  const auto seen = [&] { return informer.objects().contains({"Namespace", "", "back"}); };
  EXPECT_LT(TimeUntil(polled(seen)), kBackMax) << informer.last_error();
}

// Without a watch beside them that keeps the connection moving.
TEST_F(ReconnectTest, CallsAreBackAboutASecondAfterTheServer) {
  const auto answers = [&] { return estate_.api()->Get({"Namespace", "", "default"}).ok(); };
  ASSERT_TRUE(answers());
  Outage([&] { support::WaitUntil(absl::Milliseconds(100), answers); });
  EXPECT_LT(TimeUntil(answers), kBackMax);
}

TEST_F(ReconnectTest, CtlSaysAtOnceThatNobodyIsThere) {
  ASSERT_OK(estate_.server().Stop());
  const absl::Duration start = Mono();
  const Said said = estate_.Ctl({"get", "sites"});
  EXPECT_LT(Mono() - start, kBackMax);
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "");
  EXPECT_EQ(said.err, "The connection to the server " + estate_.server().endpoint() +
                          " was refused - did you specify the right host or port?\n");
}

}  // namespace
}  // namespace reeve::integration
