// Archives from elsewhere, unpacked so that nothing in them can leave the directory they are
// unpacked to.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agents/os/files.h"

namespace reeve::agents::files {

struct UnpackLimits {
  uint64_t bytes_max = 0;
  uint64_t files_max = 0;
};

// The next piece of the archive; empty at its end.
using ReadPiece = std::function<absl::StatusOr<std::string>()>;

// Makes what the tar that `read` gives holds below `dir`, which must be there and empty: regular
// files (0644, or 0755 when anyone may execute them) and directories (0755), owned by the agent.
// INVALID_ARGUMENT for anything else: links, devices, absolute paths, "..", control bytes in a
// name, a name twice, more than the limits. What was made until then stays for the caller to
// remove.
absl::Status Unpack(const ReadPiece& read, Root& root, const std::string& dir,
                    const UnpackLimits& limits);

}  // namespace reeve::agents::files
