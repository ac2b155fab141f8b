#include "base/names.h"

#include <openssl/evp.h>

#include <string_view>

#include <fmt/format.h>

#include "base/limits.h"

namespace reeve {
namespace {

constexpr size_t kShortHash = 8;

std::string ShortHash(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha256(), nullptr);
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
}

}  // namespace

std::string HostSideName(const std::string& kind, const std::string& name, const std::string& uid) {
  const std::string full = fmt::format("reeve-{}-{}-{}", kind, name, uid.substr(0, kShortHash));
  if (full.size() <= kHostSideNameMax) return full;
  const std::string hash = ShortHash(fmt::format("{}/{}/{}", kind, name, uid));
  return fmt::format("{}-{}", full.substr(0, kHostSideNameMax - kShortHash - 1), hash);
}

}  // namespace reeve
