#include "base/names.h"

#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/sha256.h"

namespace reeve {
namespace {

constexpr size_t kShortHash = 8;

std::string ShortHash(std::string_view text) { return Sha256Hex(text).substr(0, kShortHash); }

}  // namespace

std::string HostSideName(const std::string& kind, const std::string& name, const std::string& uid) {
  const std::string full = fmt::format("reeve-{}-{}-{}", kind, name, uid.substr(0, kShortHash));
  if (full.size() <= kHostSideNameMax) return full;
  const std::string hash = ShortHash(fmt::format("{}/{}/{}", kind, name, uid));
  return fmt::format("{}-{}", full.substr(0, kHostSideNameMax - kShortHash - 1), hash);
}

}  // namespace reeve
