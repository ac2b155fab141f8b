// A place in a text.
#pragma once

#include <compare>

namespace reeve::schema {

struct Position {
  int line = 0;    // From 1; 0 when not known.
  int column = 0;  // From 1, in bytes.

  auto operator<=>(const Position&) const = default;
};

}  // namespace reeve::schema
