// Bridges between std::string_view, which all our code uses, and absl::string_view, which in
// Debian's abseil is a different type without conversions either way.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }

// Pieces of `text` between `separator`s; one empty piece for an empty text.
std::vector<std::string> Split(std::string_view text, char separator);

// Pieces joined by `separator`.
std::string Join(const std::vector<std::string>& pieces, std::string_view separator);

// `text` without leading and trailing blanks, tabs and line ends.
std::string_view Trim(std::string_view text);

// ASCII lower case.
std::string ToLower(std::string_view text);

// The entry of `candidates` nearest to `word` by Levenshtein distance, if at most 2 away; else "".
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace reeve
