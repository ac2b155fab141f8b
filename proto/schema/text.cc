#include "proto/schema/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace reeve::schema {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  std::string_view what;
};
constexpr std::array kForbidden = {
    Range{0x00, 0x08, "control character"},         Range{0x0b, 0x0c, "control character"},
    Range{0x0e, 0x1f, "control character"},         Range{0x7f, 0x9f, "control character"},
    Range{0x061c, 0x061c, "bidirectional control"}, Range{0x200e, 0x200f, "bidirectional control"},
    Range{0x2028, 0x2029, "line separator"},        Range{0x202a, 0x202e, "bidirectional control"},
    Range{0x2066, 0x2069, "bidirectional control"}, Range{0xfeff, 0xfeff, "byte order mark"},
    Range{0xfffe, 0xffff, "no character"},
};

size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool IsValid(char32_t value, size_t bytes) {
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  return value >= kSmallest[bytes] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

// Punycode (RFC 3492, section 5 and 6.1).
constexpr uint32_t kBase = 36, kTMin = 1, kTMax = 26, kSkew = 38, kDamp = 700, kFirstBias = 72,
                   kFirstPoint = 0x80;

uint32_t Adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > ((kBase - kTMin) * kTMax) / 2; k += kBase) delta /= kBase - kTMin;
  return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

std::optional<uint32_t> Digit(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= '0' && c <= '9') return c - '0' + 26;
  return std::nullopt;
}

// Reads one generalized variable-length integer from the front.
std::optional<uint32_t> TakeInteger(std::string_view* text, uint32_t bias) {
  uint32_t value = 0;
  uint32_t weight = 1;
  for (uint32_t k = kBase;; k += kBase) {
    const std::optional<uint32_t> digit = text->empty() ? std::nullopt : Digit(text->front());
    if (!digit || *digit > (std::numeric_limits<uint32_t>::max() - value) / weight)
      return std::nullopt;
    text->remove_prefix(1);
    value += *digit * weight;
    const uint32_t t = k <= bias ? kTMin : std::min(k - bias, kTMax);
    if (*digit < t) return value;
    if (weight > std::numeric_limits<uint32_t>::max() / (kBase - t)) return std::nullopt;
    weight *= kBase - t;
  }
}

}  // namespace

CodePoint FirstCodePoint(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = SequenceLength(lead);
  if (bytes == 0 || bytes > text.size()) return {};
  if (bytes == 1) return {lead, 1};
  char32_t value = lead & (0x7f >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    value = (value << 6) | (next & 0x3f);
  }
  if (!IsValid(value, bytes)) return {};
  return {value, bytes};
}

std::string WhyForbidden(char32_t c) {
  if (c >= 0x20 && c < 0x7f) return "";  // Nearly all there is.
  for (const Range& range : kForbidden) {
    if (c >= range.first && c <= range.last)
      return fmt::format("{} U+{:04X}", range.what, static_cast<uint32_t>(c));
  }
  return "";
}

bool IsPunycode(std::string_view label) {
  const size_t dash = label.rfind('-');
  uint32_t points = dash == std::string_view::npos ? 0 : static_cast<uint32_t>(dash);
  std::string_view rest = dash == std::string_view::npos ? label : label.substr(dash + 1);
  if (rest.empty()) return false;  // Nothing in it needed encoding.
  uint32_t point = kFirstPoint;
  uint32_t i = 0;
  uint32_t bias = kFirstBias;
  while (!rest.empty()) {
    const std::optional<uint32_t> delta = TakeInteger(&rest, bias);
    if (!delta || *delta > std::numeric_limits<uint32_t>::max() - i) return false;
    bias = Adapt(*delta, points + 1, i == 0 && point == kFirstPoint);
    i += *delta;
    ++points;
    point += i / points;
    i = i % points + 1;
    if (point > 0x10ffff || !WhyForbidden(point).empty() || (point >= 0xd800 && point <= 0xdfff))
      return false;
  }
  return true;
}

}  // namespace reeve::schema
