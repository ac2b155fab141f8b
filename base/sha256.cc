#include "base/sha256.h"

#include <absl/strings/escaping.h>
#include <openssl/evp.h>

#include <algorithm>

namespace reeve {
namespace {

// Found once: EVP_sha256() makes OpenSSL 3 look for a provider at each use.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), Algorithm(), nullptr);
}

void Sha256::Add(std::string_view piece) {
  EVP_DigestUpdate(context_.get(), piece.data(), piece.size());
}

std::string Sha256::Bytes() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_.get(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string Sha256::Hex() { return std::string(absl::BytesToHexString(Bytes())); }

std::string Sha256::Digest() { return std::string(kDigestPrefix) + Hex(); }

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

std::string Sha256Bytes(std::string_view bytes) {
  Sha256 hash;
  hash.Add(bytes);
  return hash.Bytes();
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Add(bytes);
  return hash.Hex();
}

bool IsDigest(std::string_view text) {
  constexpr size_t kHexDigits = 64;
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.starts_with(kDigestPrefix) && text.size() == kDigestPrefix.size() + kHexDigits &&
         std::ranges::all_of(text.substr(kDigestPrefix.size()), hex);
}

}  // namespace reeve
