// -o: what becomes of objects that a command has to show.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/jsonpath.h"
#include "reeve/v1/kinds.pb.h"

namespace reeve::ctl {

struct CustomColumn {
  std::string header;
  JsonPath path;
};

struct OutputFormat {
  enum class Type { kTable, kWide, kYaml, kJson, kName, kJsonPath, kCustomColumns };
  Type type = Type::kTable;
  std::optional<JsonTemplate> text;   // kJsonPath.
  std::vector<CustomColumn> columns;  // kCustomColumns.

  bool table() const { return type == Type::kTable || type == Type::kWide; }
};

// "yaml", "jsonpath={.spec}", "custom-columns-file=PATH". INVALID_ARGUMENT says what is wrong and
// where; a file that cannot be read is told as such.
absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text);

// `objects` in `format`, which is not a table: one object alone when `single`, else a List.
// managedFields are left out of YAML and JSON. `headers`: of custom-columns. INVALID_ARGUMENT: a
// template that does not fit the objects.
absl::StatusOr<std::string> Format(const OutputFormat& format, std::vector<v1::Object> objects,
                                   bool single, bool headers = true);

}  // namespace reeve::ctl
