// Nodes as YAML text, in kubectl's layout. Internal to proto/schema.
#pragma once

#include <string>
#include <string_view>

#include "proto/schema/node.h"

namespace reeve::schema {

std::string WriteYaml(const Node& node);

// `text` as a YAML scalar on one line: as it is when every reader of YAML 1.1 or 1.2 takes it for
// that string, else in double quotes.
std::string YamlScalar(std::string_view text);

}  // namespace reeve::schema
