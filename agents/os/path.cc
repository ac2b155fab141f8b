#include "agents/os/path.h"

#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {

absl::Status CheckRelativePath(std::string_view path) {
  if (path.empty()) return InvalidArgument("an empty path");
  if (path.size() > 4095) return InvalidArgument("a path of {} bytes", path.size());
  if (path.find('\0') != path.npos) return InvalidArgument("a path with a NUL byte");
  for (const std::string& part : Split(path, '/')) {
    if (part.empty()) return InvalidArgument("{}: an empty part", path);
    if (part == "." || part == "..") return InvalidArgument("{}: has the part {}", path, part);
    if (part.size() > 255) return InvalidArgument("{}: a part of {} bytes", path, part.size());
  }
  return absl::OkStatus();
}

absl::Status CheckAbsolutePath(std::string_view path) {
  if (!path.starts_with('/')) return InvalidArgument("{}: not an absolute path", path);
  return CheckRelativePath(path.substr(1));
}

std::pair<std::string_view, std::string_view> SplitPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string JoinPath(std::string_view dir, std::string_view leaf) {
  return dir.empty() ? std::string(leaf) : fmt::format("{}/{}", dir, leaf);
}

}  // namespace reeve::agents
