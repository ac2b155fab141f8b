// Golden files: expected text kept in the tree, renewed with UPDATE_GOLDEN=1 and read in review.
#pragma once

#include <string_view>

namespace reeve {

// Adds a gtest failure with a line diff when `actual` is not what the file at `path` (relative to
// the source root) holds. With UPDATE_GOLDEN=1 in the environment writes the file instead.
void ExpectGolden(std::string_view path, std::string_view actual);

}  // namespace reeve
