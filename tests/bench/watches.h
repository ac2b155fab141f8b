// The running watches of one peer, each a thread that reads a stream until its context is
// cancelled.
#pragma once

#include <absl/status/status.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace reeve::bench {

// Thread-compatible. Ends its watches when destroyed.
class Watches {
 public:
  // Opens a stream, calls `ready` once it watches, and reads until the stream ends.
  using Reader =
      std::function<void(grpc::ClientContext* context, const std::function<void()>& ready)>;

  ~Watches() { Stop(); }

  // Runs `read` on a thread of its own; returns when it is ready. UNAVAILABLE when it never is.
  absl::Status Start(Reader read);
  void Stop();

 private:
  struct Watch {
    grpc::ClientContext context;
    std::thread thread;
  };
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace reeve::bench
