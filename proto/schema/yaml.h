// YAML manifests to Objects and back. The only door to yaml-cpp.
//
// Read at the level of parser events: anchors, aliases, tags, merge keys, duplicate keys,
// directives, NUL and control characters, invalid UTF-8, and anything over the limits of
// base/limits.h are refused with line and column, before a tree exists. Scalars are typed by the
// schema, not by their looks. Unknown fields are refused with a suggestion.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_path.h"
#include "proto/schema/object.h"
#include "proto/schema/position.h"

namespace reeve::schema {

// One document of a file.
struct Manifest {
  v1::Object object;
  std::string source;  // The file's name, as given.
  Position start;
  std::map<FieldPath, Position> positions;  // Of every field that the document mentions.
  std::vector<std::string> warnings;        // "site.yaml:9:1: status is ignored".

  // "site.yaml:12:7" of `path` or of its nearest parent that the document mentions. List items may
  // be named by index or by merge key.
  std::string Locate(const FieldPath& path) const;
};

// All documents of `text`, or INVALID_ARGUMENT with every error found, one a line, each with
// source:line:col: with what cannot be read, also the (rules) that the rest of it breaks. JSON is
// YAML: the same function reads both. Status and what else the server owns
// is left out, with a warning. Of a registry of other kinds than v1.Object's, `object` holds the
// bytes: ParseFromString(SerializeAsString()) turns it into that registry's Object type.
absl::StatusOr<std::vector<Manifest>> ParseManifests(
    std::string_view text, std::string_view source,
    const KindRegistry& registry = KindRegistry::Get());

// One document into any message, by the JSON names of its fields: for files that are not objects.
// As strict as manifests.
absl::Status ParseYamlMessage(std::string_view text, std::string_view source, Message* out);
std::string MessageToYaml(const Message& message);

// Kubernetes' order and dialect; reads back to an equal object, but for sensitive fields, which
// show as "***".
std::string ToYaml(const Message& object);
// kind: List of several.
std::string ToYamlList(const std::vector<v1::Object>& objects);

}  // namespace reeve::schema
