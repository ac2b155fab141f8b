#include "proto/schema/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/text.h"

namespace reeve::schema {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlnum =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr size_t kLabelMax = 63;
constexpr size_t kHostnameMax = 253;
constexpr size_t kNameMax = 40;

bool OnlyOf(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool OnlyOf(std::string_view text, std::string_view characters, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return characters.find(c) != characters.npos || more.find(c) != more.npos;
  });
}

bool IsAlnum(char c) { return kAlnum.find(c) != std::string_view::npos; }

// What most text is made of. Every character of it is one byte, and allowed.
bool IsPlainAscii(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }

bool IsLabelOfAnyLength(std::string_view text) {
  return !text.empty() && OnlyOf(text, kLowerDigits, "-") && text.front() != '-' &&
         text.back() != '-';
}

bool IsLabel(std::string_view text) { return text.size() <= kLabelMax && IsLabelOfAnyLength(text); }

// Only A-labels may have "--" where IDNA put its mark, and they must decode.
bool IsHostLabel(std::string_view text) {
  if (!IsLabel(text)) return false;
  if (text.size() < 4 || text.substr(2, 2) != "--") return true;
  return text.starts_with("xn--") && DecodePunycode(text.substr(4)).has_value();
}

std::string WhyNotLabel(std::string_view text) {
  if (IsLabel(text)) return "";
  return "must be a DNS label: lower-case letters, digits and '-', at most 63, starting and ending "
         "with a letter or digit";
}

// A label that people would take for another. `latin`: the domain's own top level is no A-label, so
// that nobody expects Cyrillic.
bool Imitates(std::string_view label, bool latin) {
  if (!label.starts_with("xn--")) return false;
  const auto points = DecodePunycode(label.substr(4));
  return points && (!ShowsWhatItIs(*points) || (latin && LooksLatin(*points)));
}

std::string WhyNotHostname(std::string_view text) {
  const std::vector<std::string> labels = Split(text, '.');
  if (text.size() > kHostnameMax) return "must be a hostname of at most 253 characters";
  if (!std::all_of(labels.begin(), labels.end(),
                   [](std::string_view label) { return IsHostLabel(label); })) {
    return "must be a hostname: DNS labels (lower-case letters, digits and '-') with dots between "
           "them; "
           "international names in their xn-- form";
  }
  if (OnlyOf(labels.back(), "0123456789")) return "must be a hostname, not an IP address";
  const bool latin = !labels.back().starts_with("xn--");
  for (const std::string& label : labels) {
    if (Imitates(label, latin))
      return fmt::format(
          "must be a hostname that cannot be taken for another: {} mixes alphabets, hides "
          "characters or imitates Latin letters",
          label);
  }
  if (labels.size() < 2)
    return "must be a hostname of at least two labels, such as www.example.com";
  return "";
}

std::string WhyNotWildcard(std::string_view text) {
  return WhyNotHostname(text.starts_with("*.") ? text.substr(2) : text);
}

bool HasDotPart(std::string_view path) {
  const std::vector<std::string> parts = Split(path, '/');
  return std::any_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return part == "." || part == ".."; });
}

std::string WhyNotUrlPath(std::string_view text) {
  const bool right = text.starts_with('/') && OnlyOf(text, kAlnum, "._~/-") && !HasDotPart(text) &&
                     text.find("//") == std::string_view::npos;
  return right ? ""
               : "must be an absolute URL path of letters, digits and '._~-/', without \"..\" or "
                 "empty parts";
}

std::string WhyNotRelPath(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '/');
  const bool empty_part =
      std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (!empty_part && OnlyOf(text, kAlnum, "._-/") && !HasDotPart(text)) return "";
  return "must be a relative path of letters, digits and '._-/', without \"..\" or empty parts";
}

std::string WhyNotDigest(std::string_view text) {
  return IsDigest(text) ? "" : "must be a digest: sha256- and 64 hexadecimal digits";
}

std::string WhyNotEnvName(std::string_view text) {
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr size_t kMax = 64;
  if (text.empty() || text.size() > kMax || !OnlyOf(text, kUpper, "0123456789") ||
      !OnlyOf(text.substr(0, 1), kUpper)) {
    return "must be an environment variable: upper-case letters, digits and '_', at most 64";
  }
  if (text.starts_with("LD_") || text == "BASH_ENV" || text == "PATH") {
    return "may not be PATH, BASH_ENV or LD_...: they decide what programs run";
  }
  return "";
}

std::string WhyNotLine(std::string_view text) {
  if (text.find_first_of("\n\t") != std::string_view::npos) return "must be one line without tabs";
  return "";
}

// What frames a message or is said of one connection is the web server's to say: a second one
// desynchronises whoever stands between. RFC 9110, section 7.6.1; RFC 9112, section 6.
constexpr std::array<std::string_view, 12> kServerHeaders = {
    "connection",         "content-length", "content-range",    "date", "keep-alive",
    "proxy-authenticate", "server",         "proxy-connection", "te",   "trailer",
    "transfer-encoding",  "upgrade"};

std::string WhyNotHeaderName(std::string_view text) {
  if (text.empty() || !OnlyOf(text, kAlnum, "!#%&'*+-.^_`|~"))
    return "must be a header name: letters, digits and '-'";
  const std::string lower = ToLower(text);
  if (std::find(kServerHeaders.begin(), kServerHeaders.end(), lower) == kServerHeaders.end())
    return "";
  return fmt::format("must not be {}: the web server sets it", text);
}

std::string WhyNotHeaderValue(std::string_view text) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const bool padded = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (printable && !padded && text.find_first_of("$\"\\") == std::string_view::npos) return "";
  return "must be printable ASCII without '$', '\"', '\\' and blanks around it";
}

std::string WhyNotAddress(std::string_view text) {
  const std::string address(text);
  unsigned char bytes[sizeof(in6_addr)];
  const bool right = inet_pton(AF_INET, address.c_str(), bytes) == 1 ||
                     inet_pton(AF_INET6, address.c_str(), bytes) == 1;
  return right && address.find('\0') == std::string::npos ? "" : "must be an IP address";
}

bool IsLabelName(std::string_view text) {
  return !text.empty() && text.size() <= kLabelMax && OnlyOf(text, kAlnum, "-_.") &&
         IsAlnum(text.front()) && IsAlnum(text.back());
}

bool IsSubdomain(std::string_view text) {
  const std::vector<std::string> labels = Split(text, '.');
  return text.size() <= kHostnameMax &&
         std::all_of(labels.begin(), labels.end(),
                     [](std::string_view label) { return IsLabelOfAnyLength(label); });
}

std::string WhyNotLabelKey(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  if (IsLabelName(name) && (slash == std::string_view::npos || IsSubdomain(text.substr(0, slash))))
    return "";
  return "must be [prefix/]name: a name of at most 63 letters, digits and '-_.', a prefix that is "
         "a DNS name";
}

std::string WhyNotLabelValue(std::string_view text) {
  if (text.empty() || IsLabelName(text)) return "";
  return "must be at most 63 letters, digits and '-_.', starting and ending with a letter or digit";
}

std::string WhyNotShortName(std::string_view name) {
  const bool right = IsLabel(name) && name.size() <= kNameMax &&
                     OnlyOf(name.substr(0, 1), kLower) && name.find("--") == std::string_view::npos;
  if (right) return "";
  return "must be lower-case letters, digits and single '-', at most 40, starting with a letter, "
         "ending with a letter "
         "or digit";
}

}  // namespace

std::string WhyNotFormat(v1::Format format, std::string_view value) {
  switch (format) {
    case v1::LABEL:
      return WhyNotLabel(value);
    case v1::HOST_NAME:
      return WhyNotHostname(value);
    case v1::WILDCARD_HOST:
      return WhyNotWildcard(value);
    case v1::URL_PATH:
      return WhyNotUrlPath(value);
    case v1::REL_PATH:
      return WhyNotRelPath(value);
    case v1::DIGEST_REF:
      return WhyNotDigest(value);
    case v1::ENV_NAME:
      return WhyNotEnvName(value);
    case v1::LINE:
      return WhyNotLine(value);
    case v1::HEADER_NAME:
      return WhyNotHeaderName(value);
    case v1::HEADER_VALUE:
      return WhyNotHeaderValue(value);
    case v1::IP_ADDRESS:
      return WhyNotAddress(value);
    case v1::LABEL_KEY:
      return WhyNotLabelKey(value);
    case v1::LABEL_VALUE:
      return WhyNotLabelValue(value);
    default:
      return "";
  }
}

std::string WhyNotName(v1::NameGrammar grammar, std::string_view name) {
  switch (grammar) {
    case v1::HOSTNAME:
      return WhyNotHostname(name);
    case v1::DIGEST:
      return WhyNotDigest(name);
    case v1::DNS_SUBDOMAIN:
      return IsSubdomain(name)
                 ? ""
                 : "must be DNS labels with dots between them, at most 253 characters";
    default:
      return WhyNotShortName(name);
  }
}

std::string WhyNotText(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), IsPlainAscii)) return "";
  while (!value.empty()) {
    const CodePoint c = FirstCodePoint(value);
    if (c.bytes == 0) return "must be UTF-8";
    if (c.value == '\r') return "may not contain a carriage return";
    if (std::string why = WhyForbidden(c.value); !why.empty()) return "may not contain a " + why;
    value.remove_prefix(c.bytes);
  }
  return "";
}

bool HasCanonicalForm(v1::Format format) {
  return format == v1::HOST_NAME || format == v1::WILDCARD_HOST;
}

std::string CanonicalForm(v1::Format format, std::string_view value) {
  if (!HasCanonicalForm(format)) return std::string(value);
  if (value.ends_with('.')) value.remove_suffix(1);
  return ToLower(value);
}

}  // namespace reeve::schema
