// Paths as text: the grammar that every Files implementation keeps, and the joining and splitting
// of it. Pure.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>
#include <utility>

namespace reeve::agents {

// INVALID_ARGUMENT unless `path` is non-empty "/"-separated parts, none empty, "." or "..", without
// NUL, at most 4095 bytes and 255 per part.
absl::Status CheckRelativePath(std::string_view path);

// The same for "/" followed by a relative path.
absl::Status CheckAbsolutePath(std::string_view path);

// "a/b/c" is {"a/b", "c"}; "c" is {"", "c"}.
std::pair<std::string_view, std::string_view> SplitPath(std::string_view path);

// {"a/b", "c"} is "a/b/c"; {"", "c"} is "c".
std::string JoinPath(std::string_view dir, std::string_view leaf);

}  // namespace reeve::agents
