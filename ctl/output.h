// -o: what becomes of objects that a command has to show.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "reeve/v1/kinds.pb.h"

namespace reeve::ctl {

struct OutputFormat {
  enum class Type { kTable, kWide, kYaml, kJson, kName, kJsonPath };
  Type type = Type::kTable;
  std::string argument;  // Of jsonpath=.

  bool table() const { return type == Type::kTable || type == Type::kWide; }
};

absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text);

// `objects` in `format`, which is not a table: one object alone when `single`, else a List.
// managedFields are left out.
std::string Format(const OutputFormat& format, std::vector<v1::Object> objects, bool single);

}  // namespace reeve::ctl
