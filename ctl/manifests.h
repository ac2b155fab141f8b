// The objects that -f names: files, directories, standard input.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "ctl/session.h"
#include "proto/schema/yaml.h"

namespace reeve::ctl {

// All documents of all --filename flags, in order; files of a directory (.yaml, .yml, .json) by
// name, its directories too with --recursive. Objects without a namespace get the session's.
// INVALID_ARGUMENT lists everything wrong in all files. Prints the warnings.
absl::StatusOr<std::vector<schema::Manifest>> ReadManifests(Session& session);

// The text of the file `name`, or of standard input when it is "-"; at most kManifestFileBytesMax.
absl::StatusOr<std::string> ReadText(Session& session, const std::string& name);

}  // namespace reeve::ctl
