// The process seam: a program by absolute path, an argument list, a deadline. No shell, ever.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <vector>

namespace reeve::agents {

struct Command {
  std::string program;            // Absolute.
  std::vector<std::string> args;  // Without argv[0].
  absl::Duration timeout = absl::Seconds(30);
};

struct ExitInfo {
  int code = 0;        // Exit code, or 128 + signal.
  std::string output;  // Standard output and error, at most 64 KiB of each, output first.
};

// Thread safety: safe.
class Exec {
 public:
  virtual ~Exec() = default;
  // NOT_FOUND: no such program; DEADLINE_EXCEEDED: killed with all its children at the timeout:
  // "stalled". A non-zero exit is OK here and told by `code`.
  virtual absl::StatusOr<ExitInfo> Run(const Command& command) = 0;
};

std::unique_ptr<Exec> NewRealExec();

}  // namespace reeve::agents
