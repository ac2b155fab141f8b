// A JSONPath template as it was parsed. Internal to jsonpath*.cc.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/node.h"

namespace reeve::ctl::jsonpath {

struct Path;

// One side of a filter's comparison.
struct Operand {
  std::vector<Path> path;             // One, or
  std::optional<schema::Node> value;  // this.
};

enum class Comparison { kExists, kEqual, kNotEqual, kLess, kLessOrEqual, kMore, kMoreOrEqual };

struct Step {
  enum class Type { kField, kWildcard, kSlice, kDescend, kUnion, kFilter };
  Type type = Type::kField;
  std::string name;  // kField.
  // kSlice; [2] has `only`. Absent ends are the list's.
  std::optional<int> first, last;
  int stride = 1;
  bool only = false;
  std::vector<Path> paths;  // kUnion.
  Comparison comparison = Comparison::kExists;
  std::vector<Operand> operands;  // kFilter: one for kExists, else two.
};

struct Path {
  std::vector<Step> steps;
};

struct Part {
  enum class Type { kText, kPath, kRange };
  Type type = Type::kText;
  std::string text;        // kText.
  Path path;               // kPath, kRange.
  std::vector<Part> body;  // kRange.
};

absl::StatusOr<std::vector<Part>> ParseTemplate(std::string_view text);
absl::StatusOr<Path> ParsePath(std::string_view text);

}  // namespace reeve::ctl::jsonpath
