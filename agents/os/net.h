// The network seam: who listens on this host, and bounded probes.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::agents {

struct TcpListener {
  std::string address;
  int port = 0;
  uint32_t uid = 0;
  int pid = 0;          // 0 when it cannot be told.
  std::string process;  // Its comm.
};

// Whether who listens on `address` gets what is sent to 127.0.0.1.
bool CoversLoopback(std::string_view address);

struct HttpProbe {
  int port = 0;
  std::string host;  // The Host header.
  std::string path = "/";
  absl::Duration timeout = absl::Seconds(3);
};

struct HttpAnswer {
  int status = 0;
  std::string body;  // At most 64 KiB.
};

// nginx tells its old workers to go 100 ms after it started the new ones; the real Net asks every
// 20 ms.
inline constexpr int kAwaitInRow = 10;

// Thread safety: safe.
class Net {
 public:
  virtual ~Net() = default;
  virtual absl::StatusOr<std::vector<TcpListener>> Listeners() = 0;  // By port.
  // The same without pid and process: one read of the kernel's table, whatever runs here.
  virtual absl::StatusOr<std::vector<TcpListener>> ListeningSockets() = 0;
  // To 127.0.0.1. UNAVAILABLE: refused; DEADLINE_EXCEEDED.
  virtual absl::Status TcpConnect(int port, absl::Duration timeout) = 0;
  virtual absl::StatusOr<HttpAnswer> HttpGet(const HttpProbe& probe) = 0;
  // Asks again and again until kAwaitInRow answers in a row are 200 with `body`: a server that
  // reloads answers from old and new workers side by side for a while. DEADLINE_EXCEEDED after
  // `timeout`, with the last answer.
  virtual absl::Status HttpAwait(const HttpProbe& probe, const std::string& body,
                                 absl::Duration timeout) = 0;
};

std::unique_ptr<Net> NewRealNet();

}  // namespace reeve::agents
