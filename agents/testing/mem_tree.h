// A tree of files in memory, with links, hard links, owners and modes: the disk of the fake host.
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/os/files.h"

namespace reeve::agents {

struct Inode;
using InodePtr = std::shared_ptr<Inode>;

struct Inode {
  FileType type = FileType::kRegular;
  uint32_t mode = 0644;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t links = 1;
  std::string content;  // Of a link: its target.
  std::map<std::string, InodePtr> entries;
};

InodePtr NewDirectory(uint32_t mode);

class MemTree {
 public:
  MemTree();

  const InodePtr& root() const { return root_; }

  // What an absolute path names after following every link (as programs see it); nullptr when there
  // is nothing. `mounted` maps a directory to the one that is mounted over it.
  using Mounts = std::map<const Inode*, InodePtr>;
  InodePtr Follow(const std::string& path, const Mounts& mounts = {}) const;

  // The entry itself, without following a link at its end.
  InodePtr Find(const std::string& path) const;

  // For setting up a host: parents are made, what is there is replaced.
  void WriteFile(const std::string& path, std::string content, uint32_t mode);
  InodePtr MakeDirs(const std::string& path);
  void Link(const std::string& target, const std::string& path);
  void HardLink(const std::string& from, const std::string& to);
  void Remove(const std::string& path);

  // Calls `visit` for everything below `path`, sorted, with absolute paths.
  void Walk(const std::string& path,
            const std::function<void(const std::string&, const Inode&)>& visit) const;

 private:
  void Put(const std::string& path, InodePtr inode);

  InodePtr root_;
};

}  // namespace reeve::agents
