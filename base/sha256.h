// SHA-256, by OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace reeve {

// Of what comes in pieces. For one thread at a time.
class Sha256 {
 public:
  Sha256();
  void Add(std::string_view piece);
  // The 32 bytes, or lower-case hex of them. One of these, once.
  std::string Bytes();
  std::string Hex();
  std::string Digest();  // As content is called: kDigestPrefix and the hex.

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  const std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string Sha256Bytes(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);

inline constexpr std::string_view kDigestPrefix = "sha256-";
bool IsDigest(std::string_view text);

}  // namespace reeve
