// Text as code points. Internal to proto/schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reeve::schema {

struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;  // 0: not UTF-8 (overlong forms, surrogates and beyond U+10FFFF included).
};

// The first code point of `text`. REQUIRES: `text` is not empty.
CodePoint FirstCodePoint(std::string_view text);

// Why `c` may not stand in a manifest: "control character U+0007"; "" when it may. Line feed, tab
// and carriage return are the caller's to judge.
std::string WhyForbidden(char32_t c);

// Whether `label`, the part of an A-label after "xn--", decodes to something that needed encoding.
bool IsPunycode(std::string_view label);

}  // namespace reeve::schema
