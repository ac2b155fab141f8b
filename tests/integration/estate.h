// A real API server on a directory of its own, and ctl run against it inside the test.
#pragma once

#include <absl/status/status.h>

#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "tests/support/api_server.h"
#include "tests/support/child_process.h"

namespace reeve::integration {

struct Said {
  int code = -1;
  std::string out;
  std::string err;
};

// Thread-compatible.
class Estate {
 public:
  // Makes the keys, starts the server, connects as the administrator.
  absl::Status Start();

  // One invocation of ctl; `in` is its standard input.
  Said Ctl(const std::vector<std::string>& argv, const std::string& in = "") const;
  client::Api* api() { return api_.get(); }
  // Of the store. A refused or empty write leaves it as it was.
  int64_t Revision();

  const std::string& dir() const { return dir_.path(); }
  support::ApiServer& server() { return server_; }

 private:
  support::TempDir dir_;
  support::ApiServer server_{dir_.path() + "/reeve"};
  std::unique_ptr<client::Api> api_;
};

}  // namespace reeve::integration
