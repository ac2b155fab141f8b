#include "agents/testing/mem_tree.h"

#include <deque>

#include "agents/os/path.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::agents {
namespace {

constexpr int kLinksMax = 40;  // As the kernel.

std::deque<std::string> PartsOf(std::string_view path) {
  std::deque<std::string> parts;
  for (std::string& part : Split(path, '/')) {
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  return parts;
}

InodePtr Mounted(InodePtr inode, const MemTree::Mounts& mounts) {
  const auto found = mounts.find(inode.get());
  return found == mounts.end() ? inode : found->second;
}

void WalkInto(const std::string& path, const Inode& inode,
              const std::function<void(const std::string&, const Inode&)>& visit) {
  for (const auto& [name, entry] : inode.entries) {
    const std::string full = (path == "/" ? "" : path) + "/" + name;
    visit(full, *entry);
    WalkInto(full, *entry, visit);
  }
}

}  // namespace

InodePtr NewDirectory(uint32_t mode) {
  auto inode = std::make_shared<Inode>();
  inode->type = FileType::kDirectory;
  inode->mode = mode;
  return inode;
}

MemTree::MemTree() : root_(NewDirectory(0755)) {}

InodePtr MemTree::Follow(const std::string& path, const Mounts& mounts) const {
  std::deque<std::string> parts = PartsOf(path);
  std::vector<InodePtr> stack = {Mounted(root_, mounts)};
  int links = 0;
  while (!parts.empty()) {
    const std::string part = std::move(parts.front());
    parts.pop_front();
    if (part == "..") {
      if (stack.size() > 1) stack.pop_back();
      continue;
    }
    const auto found = stack.back()->entries.find(part);
    if (found == stack.back()->entries.end()) return nullptr;
    if (found->second->type != FileType::kSymlink) {
      stack.push_back(Mounted(found->second, mounts));
      continue;
    }
    if (++links > kLinksMax) return nullptr;
    const std::string& target = found->second->content;
    if (target.starts_with('/')) stack.resize(1);
    std::deque<std::string> more = PartsOf(target);
    parts.insert(parts.begin(), more.begin(), more.end());
  }
  return stack.back();
}

InodePtr MemTree::Find(const std::string& path) const {
  const auto [parent, leaf] = SplitPath(path);
  const InodePtr dir = Follow(std::string(parent));
  if (dir == nullptr) return nullptr;
  const auto found = dir->entries.find(std::string(leaf));
  return found == dir->entries.end() ? nullptr : found->second;
}

InodePtr MemTree::MakeDirs(const std::string& path) {
  InodePtr dir = root_;
  for (const std::string& part : PartsOf(path)) {
    InodePtr& entry = dir->entries[part];
    if (entry == nullptr) entry = NewDirectory(0755);
    CHECK(entry->type == FileType::kDirectory, "a directory can be made at " + path);
    dir = entry;
  }
  return dir;
}

void MemTree::Put(const std::string& path, InodePtr inode) {
  const auto [parent, leaf] = SplitPath(path);
  InodePtr dir = Follow(std::string(parent));
  if (dir == nullptr) dir = MakeDirs(std::string(parent));
  dir->entries[std::string(leaf)] = std::move(inode);
}

void MemTree::WriteFile(const std::string& path, std::string content, uint32_t mode) {
  auto inode = std::make_shared<Inode>();
  inode->content = std::move(content);
  inode->mode = mode;
  Put(path, std::move(inode));
}

void MemTree::Link(const std::string& target, const std::string& path) {
  auto inode = std::make_shared<Inode>();
  inode->type = FileType::kSymlink;
  inode->mode = 0777;
  inode->content = target;
  Put(path, std::move(inode));
}

void MemTree::HardLink(const std::string& from, const std::string& to) {
  InodePtr inode = Find(from);
  CHECK(inode != nullptr, "there is a file " + from);
  ++inode->links;
  Put(to, std::move(inode));
}

void MemTree::Remove(const std::string& path) {
  const auto [parent, leaf] = SplitPath(path);
  const InodePtr dir = Follow(std::string(parent));
  if (dir == nullptr) return;
  const auto found = dir->entries.find(std::string(leaf));
  if (found == dir->entries.end()) return;
  --found->second->links;
  dir->entries.erase(found);
}

void MemTree::Walk(const std::string& path,
                   const std::function<void(const std::string&, const Inode&)>& visit) const {
  const InodePtr inode = Find(path);
  if (path == "/") return WalkInto(path, *root_, visit);
  if (inode != nullptr) WalkInto(path, *inode, visit);
}

}  // namespace reeve::agents
