// HTTP requests and answers as plain values: what the server hands to its handler and gets back. No
// socket, no library.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/worker_pool.h"

namespace reeve::apiserver {

inline constexpr std::string_view kJsonContent = "application/json";
inline constexpr std::string_view kTextContent = "text/plain; charset=utf-8";

struct HttpRequest {
  std::string method;  // GET, POST, ...
  std::string target;  // Path and query, as sent.
  std::string accept;
  std::string content_type;
  std::string user_agent;
  std::string body;
  // Of the client, when it sent one that our CA signed; else empty.
  std::string client_cert_pem;
};

// A body that comes piece by piece. Belongs to one caller at a time.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  // The next piece; nullopt when there is none now. An error ends the body.
  virtual absl::StatusOr<std::optional<std::string>> Next() = 0;
};

struct HttpResponse {
  int code = 200;
  std::string content_type = std::string(kJsonContent);
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // When set it is the body, until it ends or `stream_max` is over.
  std::unique_ptr<HttpStream> stream;
  absl::Duration stream_max = absl::InfiniteDuration();
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // May block. `wake` is for the answer's stream: to be called, from any thread, when Next may have
  // something; not after the stream is destroyed. Thread safety: safe.
  virtual HttpResponse Handle(const HttpRequest& request, std::function<void()> wake) = 0;
  // Of the threads that Handle, and the answer's stream, run on. Does not block.
  virtual Priority PriorityOf(const HttpRequest& request) = 0;
  // The answer to what never came to Handle: 400, 403, 413, 429, 431.
  virtual HttpResponse Refuse(int code, std::string_view why) = 0;
};

}  // namespace reeve::apiserver
