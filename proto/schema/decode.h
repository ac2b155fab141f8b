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

  // The objects of a document: one, or those of a `kind: List`. Objects with problems are left out.
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

}  // namespace reeve::schema
