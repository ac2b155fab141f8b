#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/os/exec.h"
#include "agents/os/net.h"
#include "agents/os/proc_net.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/fd.h"
#include "base/testing/status_matchers.h"

namespace reeve::agents {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

TEST(ExecTest, GivesOutputAndCode) {
  const auto exec = NewRealExec();
  ASSERT_OK_AND_ASSIGN(const ExitInfo ok,
                       exec->Run({.program = "/bin/echo", .args = {"a b", "$HOME"}}));
  EXPECT_EQ(ok.code, 0);
  EXPECT_EQ(ok.output, "a b $HOME\n");
  ASSERT_OK_AND_ASSIGN(const ExitInfo bad, exec->Run({.program = "/bin/ls", .args = {"/none"}}));
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.output, HasSubstr("/none"));
}

TEST(ExecTest, RefusesWhatIsNotThereOrRelative) {
  const auto exec = NewRealExec();
  EXPECT_THAT(exec->Run({.program = "/none/such"}), IsError(StatusCode::kNotFound, "/none/such"));
  EXPECT_THAT(exec->Run({.program = "echo"}), IsError(StatusCode::kInvalidArgument, "absolute"));
}

TEST(ExecTest, GivesChildrenACleanEnvironment) {
  ASSERT_EQ(::setenv("REEVE_SECRET", "x", 1), 0);
  ASSERT_OK_AND_ASSIGN(const ExitInfo info, NewRealExec()->Run({.program = "/usr/bin/env"}));
  EXPECT_EQ(info.output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C.UTF-8\n");
}

TEST(ExecTest, KillsTheWholeGroupAtTheDeadline) {
  const absl::Duration before = RealClock()->Read().mono;
  const auto result = NewRealExec()->Run({.program = "/bin/sh",
                                          .args = {"-c", "sleep 1000 & sleep 1000"},
                                          .timeout = absl::Milliseconds(200)});
  EXPECT_THAT(result, IsError(StatusCode::kDeadlineExceeded, "stalled"));
  EXPECT_LT(RealClock()->Read().mono - before, absl::Seconds(20));
}

TEST(ExecTest, BoundsTheOutput) {
  ASSERT_OK_AND_ASSIGN(
      const ExitInfo info,
      NewRealExec()->Run({.program = "/usr/bin/head", .args = {"-c", "300000", "/dev/zero"}}));
  EXPECT_EQ(info.code, 0);
  EXPECT_EQ(info.output.size(), 64u << 10);
}

TEST(ProcNetTest, ReadsListenersOfBothFamilies) {
  const auto sockets = ParseProcNetTcp(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
      "4711 1 0 100 0\n"
      "   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 "
      "4712 1 0 100 0\n"
      "   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0\n"
      "garbage\n");
  ASSERT_EQ(sockets.size(), 2u);
  EXPECT_EQ(sockets[0].listener.address, "127.0.0.1");
  EXPECT_EQ(sockets[0].listener.port, 8080);
  EXPECT_EQ(sockets[0].listener.uid, 1000u);
  EXPECT_EQ(sockets[0].inode, 4711u);
  EXPECT_EQ(sockets[1].listener.address, "::");
  EXPECT_EQ(sockets[1].listener.port, 80);
}

// A listener on a port of its own, that answers each request with `answer`, one after the other.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 10), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

  void Serve(const std::vector<std::string>& bodies) {
    for (const std::string& body : bodies) {
      const Fd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      char request[4096];
      const ssize_t n = ::read(peer.get(), request, sizeof request);
      last_request_.assign(request, n > 0 ? static_cast<size_t>(n) : 0);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body;
      EXPECT_GT(::write(peer.get(), answer.data(), answer.size()), 0);
    }
  }
  const std::string& last_request() const { return last_request_; }

 private:
  Fd fd_;
  int port_ = 0;
  std::string last_request_;
};

TEST(NetTest, FindsAListenerAndItsProcess) {
  const Listener listener;
  ASSERT_OK_AND_ASSIGN(const std::vector<TcpListener> all, NewRealNet()->Listeners());
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const TcpListener& one) { return one.port == listener.port(); });
  ASSERT_NE(found, all.end());
  EXPECT_EQ(found->address, "127.0.0.1");
  EXPECT_EQ(found->pid, ::getpid());
  EXPECT_EQ(found->process, "agents_os_test");
}

TEST(NetTest, Connects) {
  const auto net = NewRealNet();
  int port = 0;
  {
    const Listener listener;
    port = listener.port();
    EXPECT_OK(net->TcpConnect(port, absl::Seconds(5)));
  }
  EXPECT_THAT(net->TcpConnect(port, absl::Seconds(5)),
              IsError(StatusCode::kUnavailable, "refused"));
}

TEST(NetTest, GetsWithTheHostHeader) {
  Listener listener;
  const Thread server("server", [&] { listener.Serve({"hello"}); });
  ASSERT_OK_AND_ASSIGN(
      const HttpAnswer answer,
      NewRealNet()->HttpGet({.port = listener.port(), .host = "a.example", .path = "/x?y=1"}));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_THAT(listener.last_request(), HasSubstr("GET /x?y=1 HTTP/1.1\r\n"));
  EXPECT_THAT(listener.last_request(), HasSubstr("Host: a.example\r\n"));
}

TEST(NetTest, AwaitsTheAnswerItWants) {
  Listener listener;
  std::vector<std::string> answers = {"gen-1", "gen-2", "gen-1"};
  answers.insert(answers.end(), kAwaitInRow, "gen-2");
  const Thread server("server", [&] { listener.Serve(answers); });
  EXPECT_OK(NewRealNet()->HttpAwait({.port = listener.port()}, "gen-2", absl::Seconds(10)));
}

TEST(NetTest, AwaitEndsAtTheDeadline) {
  const auto net = NewRealNet();
  Listener listener;
  const HttpProbe probe{.port = listener.port(), .timeout = absl::Milliseconds(50)};
  EXPECT_THAT(net->HttpAwait(probe, "x", absl::Milliseconds(100)),
              IsError(StatusCode::kDeadlineExceeded, "127.0.0.1"));
  EXPECT_THAT(net->HttpGet({.port = listener.port(), .timeout = absl::Milliseconds(50)}),
              IsError(StatusCode::kDeadlineExceeded, ""));
}

TEST(NetTest, RefusesControlBytes) {
  EXPECT_THAT(NewRealNet()->HttpGet({.port = 1, .host = "a\r\nX: y"}),
              IsError(StatusCode::kInvalidArgument, "control"));
  EXPECT_THAT(NewRealNet()->HttpGet({.port = 1, .path = "x"}),
              IsError(StatusCode::kInvalidArgument, "/"));
}

}  // namespace
}  // namespace reeve::agents
