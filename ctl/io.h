// Everything of the outside that ctl touches, so that a whole invocation can run inside a test.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/client.h"
#include "client/grpc_options.h"
#include "proto/schema/kind_registry.h"

namespace reeve::ctl {

struct Io {
  std::istream& in;
  std::ostream& out;     // Data.
  std::ostream& err;     // Everything else.
  bool tty = false;      // `out` is a terminal.
  bool err_tty = false;  // `err` is one.
  int width = 80;        // Columns of the terminal.
  Clock* clock = RealClock();
  const schema::KindRegistry* kinds = nullptr;  // What explain and completion know; nullptr: ours.
  std::function<std::string(std::string_view)> env = [](std::string_view) { return std::string(); };
  // Runs a program on the terminal until it ends.
  std::function<absl::Status(const std::vector<std::string>&)> run;
  std::function<absl::StatusOr<std::unique_ptr<client::Api>>(const client::GrpcOptions&)> connect;
};

}  // namespace reeve::ctl
