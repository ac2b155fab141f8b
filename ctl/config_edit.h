// Changes of a config file's contents. Pure.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "client/config.h"

namespace reeve::ctl {

// nullptr: none of this name.
v1::NamedContext* FindContext(v1::Config* config, std::string_view name);

// What a context should be; empty: as it is.
struct ContextChange {
  std::string cluster;
  std::string user;
  std::string ns;
};
// Makes the context when there is none: true then.
bool SetContext(v1::Config* config, std::string_view name, const ContextChange& change);

// NOT_FOUND and ALREADY_EXISTS, in kubectl's words; `file` names where. The current context stays
// the current one under its new name.
absl::Status RenameContext(client::ConfigFile* file, std::string_view from, std::string_view to);
absl::Status DeleteContext(client::ConfigFile* file, std::string_view name);

// Leaves only this context with its cluster and user, as the current one. INVALID_ARGUMENT when it
// does not exist.
absl::Status Minify(v1::Config* config, std::string_view context);

// Replaces certificates and keys that the file itself holds.
void Redact(v1::Config* config);

}  // namespace reeve::ctl
