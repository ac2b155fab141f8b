#include "store/mem_engine.h"

namespace reeve::store {

// Immutable: a changed node is a new one.
struct MemEngine::Node {
  struct Entry {
    std::string key;
    std::string value;
    uint64_t priority;
  };
  std::shared_ptr<const Entry> entry;
  Tree left;
  Tree right;
};

namespace {

using Tree = MemEngine::Tree;
using Node = MemEngine::Node;
using EntryPtr = std::shared_ptr<const Node::Entry>;
using Visit = std::function<bool(std::string_view, std::string_view)>;

// FNV-1a, finished as in SplitMix64: the low bits of FNV alone follow the last byte too closely.
uint64_t Priority(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  return hash ^ (hash >> 31);
}

Tree Make(EntryPtr entry, Tree left, Tree right) {
  return std::make_shared<const Node>(Node{std::move(entry), std::move(left), std::move(right)});
}

// Joins two trees, every key of `left` before every key of `right`.
Tree Merge(const Tree& left, const Tree& right) {
  if (!left) return right;
  if (!right) return left;
  if (left->entry->priority >= right->entry->priority) {
    return Make(left->entry, left->left, Merge(left->right, right));
  }
  return Make(right->entry, Merge(left, right->left), right->right);
}

// The keys before `key`, and those from it on.
std::pair<Tree, Tree> Split(const Tree& tree, std::string_view key) {
  if (!tree) return {};
  if (tree->entry->key < key) {
    auto [before, after] = Split(tree->right, key);
    return {Make(tree->entry, tree->left, before), after};
  }
  auto [before, after] = Split(tree->left, key);
  return {before, Make(tree->entry, after, tree->right)};
}

Tree PutAt(const Tree& tree, const EntryPtr& entry);

Tree PutLeft(const Tree& tree, const EntryPtr& entry) {
  Tree left = PutAt(tree->left, entry);
  if (left->entry->priority <= tree->entry->priority) return Make(tree->entry, left, tree->right);
  return Make(left->entry, left->left, Make(tree->entry, left->right, tree->right));
}

Tree PutRight(const Tree& tree, const EntryPtr& entry) {
  Tree right = PutAt(tree->right, entry);
  if (right->entry->priority <= tree->entry->priority) return Make(tree->entry, tree->left, right);
  return Make(right->entry, Make(tree->entry, tree->left, right->left), right->right);
}

Tree PutAt(const Tree& tree, const EntryPtr& entry) {
  if (!tree) return Make(entry, nullptr, nullptr);
  const int order = entry->key.compare(tree->entry->key);
  if (order == 0) return Make(entry, tree->left, tree->right);
  return order < 0 ? PutLeft(tree, entry) : PutRight(tree, entry);
}

Tree Erase(const Tree& tree, std::string_view key) {
  if (!tree) return tree;
  const int order = key.compare(tree->entry->key);
  if (order == 0) return Merge(tree->left, tree->right);
  if (order < 0) return Make(tree->entry, Erase(tree->left, key), tree->right);
  return Make(tree->entry, tree->left, Erase(tree->right, key));
}

Tree EraseRange(const Tree& tree, std::string_view first, std::string_view last) {
  if (last <= first) return tree;
  const auto [before, rest] = Split(tree, first);
  return Merge(before, Split(rest, last).second);
}

Tree Apply(const Tree& tree, const EngineBatch::Op& op) {
  switch (op.kind) {
    case EngineBatch::Op::Kind::kDelete:
      return Erase(tree, op.key);
    case EngineBatch::Op::Kind::kDeleteRange:
      return EraseRange(tree, op.key, op.value);
    case EngineBatch::Op::Kind::kPut:
      break;
  }
  return PutAt(
      tree, std::make_shared<const Node::Entry>(Node::Entry{op.key, op.value, Priority(op.key)}));
}

// False when `visit` wanted no more.
bool ScanTree(const Node* node, std::string_view first, std::string_view last, const Visit& visit) {
  if (node == nullptr) return true;
  const Node::Entry& entry = *node->entry;
  const bool from_here = entry.key >= first;
  const bool before_end = last.empty() || entry.key < last;
  if (from_here && !ScanTree(node->left.get(), first, last, visit)) return false;
  if (from_here && before_end && !visit(entry.key, entry.value)) return false;
  return !before_end || ScanTree(node->right.get(), first, last, visit);
}

class MemSnapshot final : public EngineSnapshot {
 public:
  explicit MemSnapshot(Tree root) : root_(std::move(root)) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    const Node* node = root_.get();
    while (node != nullptr) {
      const int order = key.compare(node->entry->key);
      if (order == 0) return std::optional<std::string>(node->entry->value);
      node = order < 0 ? node->left.get() : node->right.get();
    }
    return std::optional<std::string>();
  }

  absl::Status Scan(std::string_view first, std::string_view last,
                    const Visit& visit) const override {
    ScanTree(root_.get(), first, last, visit);
    return absl::OkStatus();
  }

 private:
  const Tree root_;
};

}  // namespace

absl::Status MemEngine::Write(const EngineBatch& batch, bool sync) {
  MutexLock lock(&mu_);
  if (!failure_.ok()) return failure_;
  for (const EngineBatch::Op& op : batch.ops()) root_ = Apply(root_, op);
  if (sync) synced_root_ = root_;
  return absl::OkStatus();
}

std::shared_ptr<const EngineSnapshot> MemEngine::Snapshot() {
  MutexLock lock(&mu_);
  return std::make_shared<MemSnapshot>(root_);
}

absl::Status MemEngine::Health() const {
  MutexLock lock(&mu_);
  return failure_;
}

void MemEngine::Crash() {
  MutexLock lock(&mu_);
  root_ = synced_root_;
}

void MemEngine::FailWrites(absl::Status error) {
  MutexLock lock(&mu_);
  failure_ = std::move(error);
}

std::shared_ptr<MemEngine> MemEngine::Clone() const {
  auto clone = std::make_shared<MemEngine>();
  MutexLock lock(&mu_);
  MutexLock clone_lock(&clone->mu_);
  clone->root_ = root_;
  clone->synced_root_ = synced_root_;
  return clone;
}

}  // namespace reeve::store
