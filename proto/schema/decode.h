// A Node into messages, by reflection: the one place where the types of the dialect are read.
// Internal to proto/schema.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/field_path.h"
#include "proto/schema/kind_registry.h"
#include "proto/schema/node.h"

namespace reeve::schema {

struct Decoded {
  std::unique_ptr<google::protobuf::Message> object;  // Of the registry's Object type.
  Position start;
  std::map<FieldPath, Position> positions;
  // What could not be read into `object`: problems were reported there. Of a list that misses
  // items, the list.
  std::vector<FieldPath> refused;

  // Of `path`, by index, or of its nearest parent that the document mentions.
  Position At(const FieldPath& path) const;
};

struct DecodeOptions {
  // Reads status and other server_owned fields, null included. Without it they are left out, with a
  // warning.
  bool keep_server_owned = false;
};

class Decoder {
 public:
  Decoder(const KindRegistry& registry, DecodeOptions options, Problems* problems,
          Problems* warnings);

  // The objects of a document: one, or those of a `kind: List`; objects with problems too.
  std::vector<Decoded> DecodeDocument(const Node& root);
  // A document that is no object.
  void DecodeMessage(const Node& root, google::protobuf::Message* message);

 private:
  std::vector<Decoded> DecodeList(const Node& root);
  void DecodeItems(const Node& items, std::vector<Decoded>* objects);

  const KindRegistry& registry_;
  const DecodeOptions options_;
  Problems& problems_;
  Problems& warnings_;
};

// The rules that what could be read of an object breaks: beside what was refused, so that people
// see everything at once. Rules across fields and objects are the server's to check.
void ReportViolations(const Decoded& decoded, const KindRegistry& registry, Problems* problems);

}  // namespace reeve::schema
