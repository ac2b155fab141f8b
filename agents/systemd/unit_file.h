// Unit files as text: a typed emitter, and the unit of a Process site made with it. Pure.
//
// Nothing that comes from a manifest can end a line, open a section, name a specifier or a
// variable: every value is quoted here and nowhere else.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/provider.h"
#include "reeve/v1/work.pb.h"

namespace reeve::agents::systemd {

// One argument of a command line: in quotes, with `\`, `"`, `%` and `$` made plain.
// INVALID_ARGUMENT: control bytes.
absl::StatusOr<std::string> QuoteArgument(std::string_view text);

// One NAME=value of Environment=. There `$` has no meaning of its own.
absl::StatusOr<std::string> QuoteEnvironment(std::string_view text);

// The rest of a line. INVALID_ARGUMENT: control bytes, or a backslash at the end, which would join
// the next line.
absl::StatusOr<std::string> PlainText(std::string_view text);

struct UnitInput {
  const v1::Artifact::Unit* unit = nullptr;
  std::string owner;  // Uid of the Work: of the mark.
  const HostPaths* paths = nullptr;
  std::vector<std::pair<std::string, std::string>>
      runtimes;  // Name, absolute path: node, /usr/bin/node.
};

// The unit file, with its mark. The digest of its content is in it, so that new content is a new
// file. INVALID_ARGUMENT names the field.
absl::StatusOr<std::string> RenderUnit(const UnitInput& input);

}  // namespace reeve::agents::systemd
