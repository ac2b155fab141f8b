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

struct Span {
  char32_t first;
  char32_t last;
};

// Alphabets whose letters have the same shapes, in which names can imitate each other.
struct Alphabet {
  std::array<Span, 4> ranges;  // Unused ones are {1, 0}.
};
constexpr Span kNone = {1, 0};
constexpr std::array kAlphabets = {
    Alphabet{{Span{'a', 'z'}, {0xc0, 0x24f}, {0x1e00, 0x1eff}, kNone}},         // Latin
    Alphabet{{Span{0x370, 0x3ff}, {0x1f00, 0x1fff}, kNone, kNone}},             // Greek
    Alphabet{{Span{0x400, 0x52f}, {0x1c80, 0x1c8f}, {0xa640, 0xa69f}, kNone}},  // Cyrillic
    Alphabet{{Span{0x530, 0x58f}, kNone, kNone, kNone}},                        // Armenian
    Alphabet{{Span{0x13a0, 0x13ff}, {0xab70, 0xabbf}, kNone, kNone}},           // Cherokee
};
constexpr std::array kInvisible = {Span{0xad, 0xad},     Span{0x34f, 0x34f},   Span{0x115f, 0x1160},
                                   Span{0x17b4, 0x17b5}, Span{0x180b, 0x180e}, Span{0x200b, 0x200f},
                                   Span{0x2060, 0x206f}, Span{0x3164, 0x3164}, Span{0xfe00, 0xfe0f},
                                   Span{0xffa0, 0xffa0}};
constexpr std::u32string_view kLatinLookAlikes =
    U"\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0455\u0456\u0458\u04bb\u04cf\u0501\u051b\u051d";

template <size_t n>
bool InAny(const std::array<Span, n>& spans, char32_t c) {
  return std::any_of(spans.begin(), spans.end(),
                     [c](const Span& span) { return c >= span.first && c <= span.last; });
}

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

size_t PrintableAsciiPrefix(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; });
  return static_cast<size_t>(end - text.begin());
}

std::string WhyForbidden(char32_t c) {
  if (c >= 0x20 && c < 0x7f) return "";  // Nearly all there is.
  for (const Range& range : kForbidden) {
    if (c >= range.first && c <= range.last)
      return fmt::format("{} U+{:04X}", range.what, static_cast<uint32_t>(c));
  }
  return "";
}

std::optional<std::vector<char32_t>> DecodePunycode(std::string_view label) {
  const size_t dash = label.rfind('-');
  const size_t basic = dash == std::string_view::npos ? 0 : dash;
  std::string_view rest = dash == std::string_view::npos ? label : label.substr(dash + 1);
  if (rest.empty()) return std::nullopt;  // Nothing in it needed encoding.
  std::vector<char32_t> points(label.begin(), label.begin() + static_cast<std::ptrdiff_t>(basic));
  uint32_t point = kFirstPoint;
  uint32_t i = 0;
  uint32_t bias = kFirstBias;
  while (!rest.empty()) {
    const auto length = static_cast<uint32_t>(points.size()) + 1;
    const std::optional<uint32_t> delta = TakeInteger(&rest, bias);
    if (!delta || *delta > std::numeric_limits<uint32_t>::max() - i) return std::nullopt;
    bias = Adapt(*delta, length, i == 0 && point == kFirstPoint);
    i += *delta;
    point += i / length;
    i = i % length + 1;
    if (point > 0x10ffff || !WhyForbidden(point).empty() || (point >= 0xd800 && point <= 0xdfff))
      return std::nullopt;
    points.push_back(point);
  }
  return points;
}

bool ShowsWhatItIs(const std::vector<char32_t>& label) {
  const Alphabet* only = nullptr;
  for (const char32_t c : label) {
    if (InAny(kInvisible, c)) return false;
    for (const Alphabet& alphabet : kAlphabets) {
      if (!InAny(alphabet.ranges, c)) continue;
      if (only != nullptr && only != &alphabet) return false;
      only = &alphabet;
    }
  }
  return true;
}

bool LooksLatin(const std::vector<char32_t>& label) {
  bool cyrillic = false;
  for (const char32_t c : label) {
    const bool shared = c == '-' || (c >= '0' && c <= '9');
    if (!shared && kLatinLookAlikes.find(c) == std::u32string_view::npos) return false;
    cyrillic = cyrillic || !shared;
  }
  return cyrillic;
}

}  // namespace reeve::schema
