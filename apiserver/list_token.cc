#include "apiserver/list_token.h"

#include <absl/strings/escaping.h>

#include <charconv>

#include "base/status.h"

namespace reeve::apiserver {

std::string FormatListToken(const ListToken& token) {
  return absl::WebSafeBase64Escape(fmt::format("{}:{}", token.revision, token.after));
}

absl::StatusOr<ListToken> ParseListToken(const std::string& text, const KeyRange& range) {
  ListToken token;
  if (text.empty()) return token;
  const absl::Status bad =
      InvalidArgument("continue: not a token of this list; start again without it");
  std::string plain;
  if (!absl::WebSafeBase64Unescape(text, &plain)) return bad;
  const size_t colon = plain.find(':');
  if (colon == std::string::npos) return bad;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + colon, token.revision);
  if (error != std::errc() || end != plain.data() + colon || token.revision <= 0) return bad;
  token.after = plain.substr(colon + 1);
  if (token.after < range.first || token.after >= range.last) return bad;
  return token;
}

}  // namespace reeve::apiserver
