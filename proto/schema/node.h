// A document as YAML and JSON have it in common: what the two parsers build, what the decoder
// reads, what the encoder makes and the two writers print. Internal to proto/schema.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/schema/position.h"

namespace reeve::schema {

struct Problem {
  Position at;
  std::string text;

  auto operator<=>(const Problem&) const = default;
};
using Problems = std::vector<Problem>;

struct Entry;

struct Node {
  enum class Type {
    kNull,
    kPlain,  // A YAML scalar without quotes: the schema says what it is.
    kString,
    kNumber,  // JSON's.
    kBool,    // JSON's.
    kMap,
    kList,
    kBroken,  // Something that has been reported as a problem already.
  };
  Type type = Type::kNull;
  Position at;
  std::string text;            // Of scalars.
  std::vector<Entry> entries;  // Of a map, in order, without duplicates.
  std::vector<Node> items;     // Of a list.
};

struct Entry {
  std::string key;
  Position at;
  Node value;
};

// The value at `key` of a map; nullptr when there is none.
const Entry* FindEntry(const Node& node, std::string_view key);

// Makes a Node of parser events, and refuses what no manifest may have: duplicate keys, merge keys,
// keys that are no strings, too deep or too many nodes, characters that hide. Goes on after a
// problem, so that all are found.
class NodeBuilder {
 public:
  explicit NodeBuilder(Problems* problems) : problems_(*problems) {}

  // Whether the next value is a key of a map: for parsers that do not tell keys apart.
  bool WantsKey() const;
  void Key(Position at, std::string_view text);
  void Scalar(Position at, Node::Type type, std::string_view text);
  void Broken(Position at);  // A value, or a key, that was reported by the caller.
  void Begin(Position at, Node::Type type);
  void End();

  bool too_deep() const { return too_deep_; }
  Node Take() { return std::move(root_); }

 private:
  struct Frame {
    Node node;
    bool has_key = false;
    bool drop = false;  // The value of the current key is not kept.
    std::string key;
    Position key_at;
    std::map<std::string, Position> seen;
  };

  void Add(Node node);
  void CheckText(Position at, std::string_view text);
  void Report(Position at, std::string text) { problems_.push_back({at, std::move(text)}); }

  Problems& problems_;
  std::vector<Frame> open_;
  int skipping_ = 0;  // Levels of a collection that is not kept.
  int nodes_ = 0;
  bool too_deep_ = false;
  Node root_;
};

}  // namespace reeve::schema
