#include "proto/schema/node.h"

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "proto/schema/formats.h"

namespace reeve::schema {
namespace {

constexpr int kNodesMax = 100'000;
constexpr std::string_view kMergeKey = "<<";

}  // namespace

const Entry* FindEntry(const Node& node, std::string_view key) {
  for (const Entry& entry : node.entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

bool NodeBuilder::WantsKey() const {
  return skipping_ == 0 && !open_.empty() && open_.back().node.type == Node::Type::kMap &&
         !open_.back().has_key;
}

void NodeBuilder::Key(Position at, std::string_view text) {
  if (skipping_ > 0) return;
  Frame& frame = open_.back();
  frame.has_key = true;
  frame.drop = false;
  frame.key = text;
  frame.key_at = at;
  CheckText(at, text);
  if (text == kMergeKey) {
    Report(at, "merge keys (<<) are not supported");
    frame.drop = true;
    return;
  }
  const auto [first, added] = frame.seen.emplace(text, at);
  if (added) return;
  Report(at, first->second.line == 0
                 ? fmt::format("duplicate key \"{}\"", text)
                 : fmt::format("duplicate key \"{}\", first at line {}", text, first->second.line));
  frame.drop = true;
}

void NodeBuilder::Scalar(Position at, Node::Type type, std::string_view text) {
  if (skipping_ > 0) return;
  CheckText(at, text);
  Add({.type = type, .at = at, .text = std::string(text)});
}

void NodeBuilder::Broken(Position at) {
  if (skipping_ > 0) return;
  if (WantsKey()) {
    open_.back().has_key = true;
    open_.back().drop = true;
    return;
  }
  Add({.type = Node::Type::kBroken, .at = at});
}

void NodeBuilder::Begin(Position at, Node::Type type) {
  if (skipping_ > 0) {
    ++skipping_;
    return;
  }
  if (WantsKey()) {
    Report(at, "a key must be a string");
    Broken(at);
    ++skipping_;
  } else if (open_.size() >= static_cast<size_t>(kManifestDepthMax)) {
    if (!too_deep_)
      Report(at, fmt::format("nested too deeply: at most {} levels", kManifestDepthMax));
    too_deep_ = true;
    Broken(at);
    ++skipping_;
  } else {
    open_.push_back({.node = {.type = type, .at = at}});
  }
}

void NodeBuilder::End() {
  if (skipping_ > 0) {
    --skipping_;
    return;
  }
  Node node = std::move(open_.back().node);
  open_.pop_back();
  Add(std::move(node));
}

void NodeBuilder::Add(Node node) {
  if (++nodes_ == kNodesMax) Report(node.at, fmt::format("too many values: at most {}", kNodesMax));
  if (nodes_ >= kNodesMax) return;
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  if (frame.node.type == Node::Type::kList) {
    frame.node.items.push_back(std::move(node));
    return;
  }
  if (!frame.drop)
    frame.node.entries.push_back({std::move(frame.key), frame.key_at, std::move(node)});
  frame.has_key = false;
  frame.drop = false;
}

void NodeBuilder::CheckText(Position at, std::string_view text) {
  const std::string why = WhyNotText(text);
  if (!why.empty()) Report(at, "text " + why);
}

}  // namespace reeve::schema
