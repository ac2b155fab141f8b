// A file of YAML as documents, with everything refused that needs no parser. Internal to
// proto/schema.
#pragma once

#include <string_view>
#include <vector>

#include "proto/schema/node.h"

namespace reeve::schema {

struct YamlDocument {
  std::string_view text;  // With its "---".
  int first_line = 1;
};

// The documents of `text` that have content, or none and problems: sizes, numbers, bytes that are
// no UTF-8, control and bidirectional characters, directives. Split by lines, which a "---" at the
// start of one always does, so that an error in one document does not hide those of the next.
std::vector<YamlDocument> SplitYaml(std::string_view text, Problems* problems);

}  // namespace reeve::schema
