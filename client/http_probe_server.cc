#include "client/http_probe_server.h"

#include <httplib.h>

#include <charconv>
#include <utility>

#include "base/executor.h"
#include "base/metrics.h"
#include "base/status.h"

namespace reeve::client {
namespace {

constexpr int kThreads = 2;
constexpr char kText[] = "text/plain; charset=utf-8";

struct Address {
  std::string host;
  int port = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  Address address;
  if (colon == std::string::npos) return InvalidArgument("{}: must be host:port", listen);
  address.host = listen.substr(0, colon);
  const char* end = listen.data() + listen.size();
  const auto [at, error] = std::from_chars(listen.data() + colon + 1, end, address.port);
  if (error != std::errc() || at != end || address.port < 0 || address.port > 65535) {
    return InvalidArgument("{}: must be host:port", listen);
  }
  return address;
}

// What /readyz says: text, and whether all is well.
std::pair<std::string, bool> Readiness(const std::vector<ReadinessCheck>& checks) {
  std::string text;
  bool ready = true;
  for (const ReadinessCheck& check : checks) {
    const absl::Status status = check.check();
    ready = ready && status.ok();
    text += status.ok() ? fmt::format("[+]{} ok\n", check.name)
                        : fmt::format("[-]{} failed: {}\n", check.name, Message(status));
  }
  return {text + (ready ? "readyz check passed\n" : "readyz check failed\n"), ready};
}

class Server final : public HttpProbeServer {
 public:
  explicit Server(std::vector<ReadinessCheck> checks) : checks_(std::move(checks)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(RenderMetrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    server_.Get("/livez", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", kText);
    });
    server_.Get("/readyz", [this](const httplib::Request& request, httplib::Response& response) {
      const auto [text, ready] = Readiness(checks_);
      if (!ready) response.status = 503;
      response.set_content(ready && !request.has_param("verbose") ? "ok\n" : text, kText);
    });
  }

  ~Server() override {
    server_.stop();
    thread_ = nullptr;
  }

  absl::Status Listen(const std::string& listen) {
    ASSIGN_OR_RETURN(const Address address, ParseAddress(listen));
    int port = address.port;
    if (port == 0) {
      port = server_.bind_to_any_port(address.host);
    } else if (!server_.bind_to_port(address.host, port)) {
      port = -1;
    }
    if (port <= 0) return Unavailable("cannot listen on {} for HTTP", listen);
    address_ = fmt::format("{}:{}", address.host, port);
    thread_ = std::make_unique<Thread>("http", [this] { server_.listen_after_bind(); });
    // Until it runs, stop() would be forgotten.
    while (!server_.is_running()) thread_started_.WaitFor(absl::Milliseconds(1));
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  const std::vector<ReadinessCheck> checks_;
  httplib::Server server_;
  std::string address_;
  Notification thread_started_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpProbeServer>> HttpProbeServer::Start(
    const std::string& listen, std::vector<ReadinessCheck> checks) {
  auto server = std::make_unique<Server>(std::move(checks));
  RETURN_IF_ERROR(server->Listen(listen));
  return server;
}

}  // namespace reeve::client
