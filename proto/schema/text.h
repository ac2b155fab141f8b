// Text as code points. Internal to proto/schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::schema {

struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;  // 0: not UTF-8 (overlong forms, surrogates and beyond U+10FFFF included).
};

// The first code point of `text`. REQUIRES: `text` is not empty.
CodePoint FirstCodePoint(std::string_view text);

// How many bytes at the front of `text` are ASCII from space to tilde.
size_t PrintableAsciiPrefix(std::string_view text);

// Why `c` may not stand in a manifest: "control character U+0007"; "" when it may. Line feed, tab
// and carriage return are the caller's to judge.
std::string WhyForbidden(char32_t c);

// The code points that `label`, the part of an A-label after "xn--", decodes to, those that needed
// encoding last; nullopt when it is no Punycode, or needed none.
std::optional<std::vector<char32_t>> DecodePunycode(std::string_view label);

// Whether a label of these code points can be told from others by eye: no two of the alphabets that
// share letter shapes (Latin, Greek, Cyrillic, Armenian, Cherokee), nothing invisible.
bool ShowsWhatItIs(const std::vector<char32_t>& label);
// Whether it is Cyrillic in letters that all look like Latin ones.
bool LooksLatin(const std::vector<char32_t>& label);

}  // namespace reeve::schema
